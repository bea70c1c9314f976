use std::io::Cursor;

use super::answer::Answer;

#[test]
fn an_answer_is_taken_whole_or_not_at_all() {
    for answer in
        [Answer::Made(vec![7; 300]), Answer::Invalid("no".to_owned()), Answer::Failed(String::new()), Answer::Memory]
    {
        let mut written = Vec::new();
        answer.write(&mut written).unwrap();
        let read = |bytes: &[u8]| Answer::read(&mut Cursor::new(bytes), 300).map_err(|error| error.kind());
        assert_eq!(read(&written), Ok(answer));
        for length in 0..written.len() {
            assert_eq!(read(&written[..length]), Err(std::io::ErrorKind::UnexpectedEof), "{length}");
        }
        written.push(0);
        assert_eq!(read(&written), Err(std::io::ErrorKind::InvalidData));
    }
}

#[test]
fn an_answer_that_claims_too_much_is_not_held() {
    let claims = |kind: u8, length: u64| {
        let bytes = [&[kind][..], &length.to_le_bytes(), &[0; 64]].concat();
        Answer::read(&mut Cursor::new(bytes), 64).map_err(|error| error.to_string())
    };
    assert!(claims(b'+', 64).is_ok());
    for (kind, length) in [(b'+', 65), (b'+', u64::MAX), (b'-', 16_385)] {
        assert_eq!(claims(kind, length), Err("its output is larger than is possible".to_owned()));
    }
    assert_eq!(claims(b'?', 64), Err("its output is not an answer".to_owned()));
}

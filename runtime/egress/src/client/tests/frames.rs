//! A server that speaks HTTP/2 frame by frame, to do what no library's server does.

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What the server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    /// Answers with the request's body, once it is complete.
    Echo,
    /// `RST_STREAM` with `REFUSED_STREAM`, at once.
    Refuse,
    /// The same after the whole body.
    RefuseAtEnd,
    /// `RST_STREAM` with `CANCEL`.
    Cancel,
    /// `GOAWAY` whose last stream is the one before this.
    GoAway,
    /// `GOAWAY` whose last stream is this one, and the end of the connection.
    GoAwayAfter,
    /// The end of the connection.
    Close,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// `:status: 200` in HPACK's static table.
const STATUS_200: &[u8] = &[0x88];

/// A connection, frame by frame.
pub(crate) struct Frames<S>(S);

struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Frames<S> {
    async fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        self.0.read_exact(&mut payload).await.ok()?;
        Some(Frame { kind, flags, stream: u32::from_be_bytes(stream), payload })
    }

    /// A client that has closed gets no more.
    async fn write(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        let _ = self.0.write_all(&frame).await;
        let _ = self.0.flush().await;
    }

    async fn reset(&mut self, stream: u32, code: u32) {
        self.write(RST_STREAM, 0, stream, &code.to_be_bytes()).await;
    }

    async fn go_away(&mut self, last: u32) {
        self.write(GOAWAY, 0, 0, &[last.to_be_bytes(), [0; 4]].concat()).await;
    }
}

/// Serves one connection; `react` gets the place of each request on it, from 0.
pub(crate) async fn serve<S>(mut stream: S, react: impl Fn(usize) -> Reaction)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    let mut frames = Frames(stream);
    frames.write(SETTINGS, 0, 0, &[]).await;
    let (mut place, mut body, mut doing) = (0, Vec::new(), Reaction::Echo);
    while let Some(frame) = frames.read().await {
        let ended = match frame.kind {
            SETTINGS if frame.flags & ACK == 0 => {
                frames.write(SETTINGS, ACK, 0, &[]).await;
                continue;
            }
            HEADERS => {
                (doing, body) = (react(place), Vec::new());
                place += 1;
                match doing {
                    Reaction::Refuse => frames.reset(frame.stream, 7).await,
                    Reaction::Cancel => frames.reset(frame.stream, 8).await,
                    Reaction::GoAway => frames.go_away(frame.stream.saturating_sub(2)).await,
                    Reaction::GoAwayAfter => return frames.go_away(frame.stream).await,
                    Reaction::Close => return,
                    Reaction::Echo | Reaction::RefuseAtEnd => {}
                }
                frame.flags & END_STREAM != 0
            }
            DATA => {
                let window = u32::try_from(frame.payload.len()).unwrap().to_be_bytes();
                if !frame.payload.is_empty() {
                    frames.write(WINDOW_UPDATE, 0, 0, &window).await;
                    frames.write(WINDOW_UPDATE, 0, frame.stream, &window).await;
                }
                body.extend(frame.payload);
                frame.flags & END_STREAM != 0
            }
            _ => continue,
        };
        match doing {
            Reaction::Echo if ended => {
                frames.write(HEADERS, END_HEADERS, frame.stream, STATUS_200).await;
                frames.write(DATA, END_STREAM, frame.stream, &body).await;
            }
            Reaction::RefuseAtEnd if ended => frames.reset(frame.stream, 7).await,
            _ => {}
        }
    }
}

//! What the journal says about how a request ended.

use std::net::SocketAddr;

use wasm_agent_egress::{Earlier, Protocol, Reply, SendError};
use wasm_agent_journal::Encoded;

/// Details of a response for its outcome.
pub(super) fn fields(reply: &Reply) -> Encoded {
    let mut fields = Encoded::new();
    let protocol = match reply.protocol {
        Protocol::Http1 => "HTTP/1.1",
        Protocol::Http2 => "HTTP/2",
    };
    let repeated = !reply.earlier.is_empty();
    // Through a proxy, nobody knows which servers were tried.
    let tried = repeated && !reply.proxied;
    fields.map(4 + if repeated { 2 } else { 0 } + u64::from(tried));
    fields.str(if reply.proxied { "proxy" } else { "peer" }).str(&reply.peer.to_string());
    fields.str("reused").bool(reply.reused);
    fields.str("status").u64(u64::from(reply.response.status().as_u16()));
    fields.str("protocol").str(protocol);
    if repeated {
        attempts(&mut fields, &reply.earlier);
    }
    if tried {
        texts(&mut fields, "tried", reply.earlier.iter().map(|earlier| earlier.peer));
    }
    fields
}

/// How often the request was sent, and why again.
fn attempts(fields: &mut Encoded, earlier: &[Earlier]) {
    fields.str("attempts").u64(length(earlier.len()).saturating_add(1));
    texts(fields, "repeated", earlier.iter().map(|earlier| earlier.why));
}

fn texts(fields: &mut Encoded, name: &str, texts: impl ExactSizeIterator<Item = impl ToString>) {
    fields.str(name).array(length(texts.len()));
    for text in texts {
        fields.str(&text.to_string());
    }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The addresses and attempts of a failed request for its outcome; `None` if there were none.
pub(super) fn failed_fields(error: &SendError) -> Option<Encoded> {
    let proxy = error.addresses.tried.last().filter(|_| error.proxied);
    let tried: &[SocketAddr] = if error.proxied { &[] } else { &error.addresses.tried };
    let named = [("tried", tried), ("refused", error.addresses.refused.as_slice())];
    let named: Vec<_> = named.into_iter().filter(|(_, addresses)| !addresses.is_empty()).collect();
    let repeated = !error.earlier.is_empty();
    let mut fields = Encoded::new();
    fields.map(length(named.len()) + u64::from(proxy.is_some()) + if repeated { 2 } else { 0 });
    if let Some(proxy) = proxy {
        fields.str("proxy").str(&proxy.to_string());
    }
    if repeated {
        attempts(&mut fields, &error.earlier);
    }
    for (name, addresses) in &named {
        texts(&mut fields, name, addresses.iter());
    }
    (repeated || proxy.is_some() || !named.is_empty()).then_some(fields)
}

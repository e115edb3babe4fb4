//! The NATS protocol, as far as one must read it to see what is published and delivered.

use bytes::{Buf, Bytes, BytesMut};

/// A message on the wire, in either direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) subject: String,
    pub(crate) reply: Option<String>,
    /// From `NATS/1.0` on; empty without headers.
    pub(crate) headers: Bytes,
    pub(crate) payload: Bytes,
}

impl Frame {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let text = std::str::from_utf8(&self.headers).ok()?;
        text.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Takes a stream of bytes apart, however it is cut.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    buffer: BytesMut,
}

/// The stream is not of the protocol.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Garbled(pub(crate) String);

impl Parser {
    /// Takes bytes, and hands over all messages that are complete by now.
    pub(crate) fn feed(&mut self, bytes: &[u8], mut each: impl FnMut(Frame)) -> Result<(), Garbled> {
        self.buffer.extend_from_slice(bytes);
        while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\r\n") {
            let line = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
            let Some(head) = Head::read(&line)? else {
                self.buffer.advance(end + 2);
                continue;
            };
            let whole = end + 2 + head.total + 2;
            if self.buffer.len() < whole {
                self.buffer.reserve(whole - self.buffer.len());
                return Ok(());
            }
            self.buffer.advance(end + 2);
            let mut body = self.buffer.split_to(head.total).freeze();
            self.buffer.advance(2);
            let headers = body.split_to(head.headers);
            each(Frame { subject: head.subject, reply: head.reply, headers, payload: body });
        }
        Ok(())
    }
}

/// The line before a message.
struct Head {
    subject: String,
    reply: Option<String>,
    headers: usize,
    total: usize,
}

impl Head {
    /// `None` for a line that no message follows.
    fn read(line: &str) -> Result<Option<Self>, Garbled> {
        let words: Vec<_> = line.split_ascii_whitespace().collect();
        let Some(verb) = words.first().map(|verb| verb.to_ascii_uppercase()) else { return Ok(None) };
        // A client's line has no number of a subscription, a server's has.
        let (names, counts) = match verb.as_str() {
            "PUB" => (1, 1),
            "HPUB" => (1, 2),
            "MSG" => (2, 1),
            "HMSG" => (2, 2),
            "INFO" | "CONNECT" | "PING" | "PONG" | "SUB" | "UNSUB" | "+OK" | "-ERR" => return Ok(None),
            _ => return Err(Garbled(line.chars().take(80).collect())),
        };
        let garbled = || Garbled(line.to_owned());
        let reply = match words.len().checked_sub(1 + names + counts) {
            Some(0) => None,
            Some(1) => Some(words[1 + names].to_owned()),
            _ => return Err(garbled()),
        };
        let number = |word: &str| word.parse::<usize>().map_err(|_| garbled());
        let total = number(words[words.len() - 1])?;
        let headers = if counts == 2 { number(words[words.len() - 2])? } else { 0 };
        if headers > total {
            return Err(garbled());
        }
        Ok(Some(Self { subject: words[1].to_owned(), reply, headers, total }))
    }
}

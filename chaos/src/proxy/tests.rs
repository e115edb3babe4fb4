//! The protocol, cut at every byte; a connection that is cut and stalled.

use bytes::Bytes;

use super::wire::{Frame, Garbled, Parser};

const CONVERSATION: &[u8] =
    b"INFO {\"a\":1}\r\nPING\r\nHPUB a.0.s.i _INBOX.1 24 26\r\nNATS/1.0\r\nKey: value\r\n\r\n{}\r\n\
      PUB b 3\r\n\r\n!\r\nMSG c 7 4\r\nabcd\r\nHMSG d 7 $JS.ACK 12 12\r\nNATS/1.0\r\n\r\n\r\n+OK\r\n";

fn frame(subject: &str, reply: Option<&str>, headers: &'static str, payload: &'static str) -> Frame {
    let (subject, reply) = (subject.to_owned(), reply.map(str::to_owned));
    Frame { subject, reply, headers: Bytes::from(headers), payload: Bytes::from(payload) }
}

#[test]
fn messages_are_read_wherever_the_stream_is_cut() {
    let wanted = [
        frame("a.0.s.i", Some("_INBOX.1"), "NATS/1.0\r\nKey: value\r\n\r\n", "{}"),
        frame("b", None, "", "\r\n!"),
        frame("c", None, "", "abcd"),
        frame("d", Some("$JS.ACK"), "NATS/1.0\r\n\r\n", ""),
    ];
    for cut in 0..=CONVERSATION.len() {
        let (mut parser, mut frames) = (Parser::default(), Vec::new());
        for part in [&CONVERSATION[..cut], &CONVERSATION[cut..]] {
            parser.feed(part, |frame| frames.push(frame)).expect("it is of the protocol");
        }
        assert_eq!(frames, wanted, "cut at {cut}");
    }
    assert_eq!(wanted[0].header("key"), Some("value"));
    assert_eq!(wanted[0].header("other"), None);
}

#[test]
fn what_is_not_of_the_protocol_is_told() {
    for line in ["HELLO\r\n", "PUB a b c 1\r\nx\r\n", "PUB a x\r\n", "HPUB a 5 2\r\n"] {
        assert!(matches!(Parser::default().feed(line.as_bytes(), drop), Err(Garbled(_))), "{line}");
    }
}

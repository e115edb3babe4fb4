//! How records are written: all persisted bytes of the embedded store are made and read here.
//!
//! A change to this module comes with a new [`VERSION`] and a test that still reads the old form.
//!
//! ```text
//! records
//! key    saga '/' id                          neither part can contain a '/'
//! value  revision     u64, big endian
//!        not before   u64, microseconds since 1970, 0 for none; of a record that expires: it is to be delivered
//!        expires      u64, microseconds since 1970, 0 for none
//!        payload      the rest
//!
//! notes (since format 2)
//! key    saga '/' id '/' revision number      the record's revision and the note's number, u64, big endian
//! value  payload
//!
//! mail (since format 2)
//! key    saga '/' id '/' name '/' number      of a queue and a piece of mail, its number u64, big endian
//! value  remember     u8, 0 or 1; since format 3, 2 for an answer
//!        expires      u64, microseconds since 1970; only of an answer
//!        key's length u8
//!        key
//!        payload      the rest
//!
//! lines (since format 4)
//! key    log          u8, 1 for events, 2 for history
//!        saga '/'
//!        position     u64, big endian
//! value  expires      u64, microseconds since 1970
//!        id's length  u8
//!        id
//!        key's length u8
//!        key
//!        payload      the rest
//! ```
//!
//! A store of format 1 has neither notes nor mail, one of format 2 no answers, one of format 3 no lines; they become stores of format 4
//! when they are opened.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use crate::transport::embedded::journal::Put;
use crate::transport::embedded::log::Written;
use crate::transport::embedded::mail::{Loose, MailPut};
use crate::transport::{InstanceId, Log, Revision};

pub(super) const VERSION_KEY: &str = "format";
pub(super) const VERSION: &[u8] = b"4";
/// The versions that can be read as they are.
pub(super) const READABLE: [&[u8]; 3] = [b"1", b"2", b"3"];
/// The greatest revision ever given.
pub(super) const REVISION_KEY: &str = "revision";

/// What stands in place of `remember` in an answer.
const ANSWER: u8 = 2;

/// A value, decoded.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub(super) revision: Revision,
    pub(super) not_before: Option<SystemTime>,
    pub(super) expires: Option<SystemTime>,
    pub(super) payload: Bytes,
}

pub(super) fn encode_key(instance: &InstanceId) -> Vec<u8> {
    [instance.saga(), instance.id()].join("/").into_bytes()
}

pub(super) fn decode_key(key: &[u8]) -> Result<InstanceId, String> {
    let text = std::str::from_utf8(key).map_err(|error| error.to_string())?;
    let (saga, id) = text.split_once('/').ok_or_else(|| format!("`{text}` is no key"))?;
    InstanceId::new(saga, id).map_err(|error| error.to_string())
}

pub(super) fn encode_note_key(instance: &InstanceId, of: Revision, number: u64) -> Vec<u8> {
    let mut key = encode_key(instance);
    key.push(b'/');
    key.extend(of.0.to_be_bytes());
    key.extend(number.to_be_bytes());
    key
}

pub(super) fn decode_note_key(key: &[u8]) -> Result<(InstanceId, Revision, u64), String> {
    let wrong = || format!("{key:?} is no key of a note");
    let (rest, number) = key.split_last_chunk().ok_or_else(wrong)?;
    let (rest, of) = rest.split_last_chunk().ok_or_else(wrong)?;
    let instance = decode_key(rest.strip_suffix(b"/").ok_or_else(wrong)?)?;
    Ok((instance, Revision(u64::from_be_bytes(*of)), u64::from_be_bytes(*number)))
}

pub(super) fn encode_mail_key(instance: &InstanceId, name: &str, number: u64) -> Vec<u8> {
    let mut key = [instance.saga(), instance.id(), name, ""].join("/").into_bytes();
    key.extend(number.to_be_bytes());
    key
}

pub(super) fn encode_mail(mail: &MailPut) -> Vec<u8> {
    let mut value = Vec::with_capacity(10 + mail.key.len() + mail.payload.len());
    match mail.expires {
        None => value.push(u8::from(mail.remember)),
        Some(_) => {
            value.push(ANSWER);
            value.extend(encode_time(mail.expires).to_be_bytes());
        }
    }
    // No key is longer than this.
    value.push(u8::try_from(mail.key.len()).unwrap_or(u8::MAX));
    value.extend(mail.key.as_bytes());
    value.extend_from_slice(&mail.payload);
    value
}

pub(super) fn decode_mail(key: &[u8], value: &[u8]) -> Result<Loose, String> {
    let wrong = || format!("{key:?} is no key of mail");
    let (rest, number) = key.split_last_chunk().ok_or_else(wrong)?;
    let rest = std::str::from_utf8(rest).map_err(|error| error.to_string())?;
    let (instance, name) = rest.strip_suffix('/').and_then(|rest| rest.rsplit_once('/')).ok_or_else(wrong)?;
    let instance = decode_key(instance.as_bytes())?;
    let short = || format!("it has only {} bytes", value.len());
    let (remember, rest) = value.split_first().ok_or_else(short)?;
    let (expires, rest) = match *remember {
        ANSWER => rest.split_first_chunk().map(|(time, rest)| (decode_time(*time), rest)).ok_or_else(short)?,
        _ => (None, rest),
    };
    let (length, rest) = rest.split_first().ok_or_else(short)?;
    let (key, payload) = rest.split_at_checked(usize::from(*length)).ok_or_else(short)?;
    let key = String::from_utf8(key.to_vec()).map_err(|error| error.to_string())?;
    let (number, payload) = (u64::from_be_bytes(*number), Bytes::copy_from_slice(payload));
    Ok(Loose { instance, name: name.into(), number, key, remember: *remember == 1, expires, payload })
}

pub(super) fn encode_line_key(log: Log, saga: &str, position: u64) -> Vec<u8> {
    let log = match log {
        Log::Events => 1,
        Log::History => 2,
    };
    let mut key = vec![log];
    key.extend(saga.as_bytes());
    key.push(b'/');
    key.extend(position.to_be_bytes());
    key
}

pub(super) fn line_key(line: &Written) -> Vec<u8> {
    encode_line_key(line.log, line.instance.saga(), line.position)
}

pub(super) fn encode_line(line: &Written) -> Vec<u8> {
    let mut value = encode_time(Some(line.expires)).to_be_bytes().to_vec();
    for text in [line.instance.id(), &line.key] {
        // No id and no key is longer than this.
        value.push(u8::try_from(text.len()).unwrap_or(u8::MAX));
        value.extend(text.as_bytes());
    }
    value.extend_from_slice(&line.payload);
    value
}

pub(super) fn decode_line(key: &[u8], value: &[u8]) -> Result<Written, String> {
    let wrong = || format!("{key:?} is no key of a line");
    let (rest, position) = key.split_last_chunk().ok_or_else(wrong)?;
    let (log, saga) = rest.split_first().ok_or_else(wrong)?;
    let log = match log {
        1 => Log::Events,
        2 => Log::History,
        _ => return Err(wrong()),
    };
    let saga = saga.strip_suffix(b"/").and_then(|saga| std::str::from_utf8(saga).ok()).ok_or_else(wrong)?;
    let short = || format!("it has only {} bytes", value.len());
    let (expires, rest) = value.split_first_chunk().ok_or_else(short)?;
    let text = |rest: &mut &[u8]| {
        let (length, bytes) = rest.split_first().ok_or_else(short)?;
        let (text, after) = bytes.split_at_checked(usize::from(*length)).ok_or_else(short)?;
        *rest = after;
        String::from_utf8(text.to_vec()).map_err(|error| error.to_string())
    };
    let mut rest = rest;
    let (id, key) = (text(&mut rest)?, text(&mut rest)?);
    let instance = InstanceId::new(saga, id).map_err(|error| error.to_string())?;
    Ok(Written {
        log,
        instance,
        position: u64::from_be_bytes(*position),
        key,
        expires: decode_time(*expires).unwrap_or(UNIX_EPOCH),
        payload: Bytes::copy_from_slice(rest),
    })
}

pub(super) fn encode(put: &Put) -> Vec<u8> {
    let mut value = Vec::with_capacity(24 + put.record.payload.len());
    value.extend(put.record.revision.0.to_be_bytes());
    value.extend(encode_time(put.not_before).to_be_bytes());
    value.extend(encode_time(put.expires).to_be_bytes());
    value.extend_from_slice(&put.record.payload);
    value
}

pub(super) fn decode(value: &[u8]) -> Result<Value, String> {
    let short = || format!("it has only {} bytes", value.len());
    let (revision, rest) = value.split_first_chunk().ok_or_else(short)?;
    let (not_before, rest) = rest.split_first_chunk().ok_or_else(short)?;
    let (expires, payload) = rest.split_first_chunk().ok_or_else(short)?;
    Ok(Value {
        revision: Revision(u64::from_be_bytes(*revision)),
        not_before: decode_time(*not_before),
        expires: decode_time(*expires),
        payload: Bytes::copy_from_slice(payload),
    })
}

pub(super) fn encode_revision(revision: Revision) -> [u8; 8] {
    revision.0.to_be_bytes()
}

pub(super) fn decode_revision(value: &[u8]) -> Result<Revision, String> {
    let bytes = value.try_into().map_err(|_| format!("the greatest revision has {} bytes", value.len()))?;
    Ok(Revision(u64::from_be_bytes(bytes)))
}

/// Rounded up, so that nothing comes early; a time before 1970 is as good as none, one past all clocks is the last.
fn encode_time(time: Option<SystemTime>) -> u64 {
    let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    u64::try_from(since.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX)
}

fn decode_time(bytes: [u8; 8]) -> Option<SystemTime> {
    match u64::from_be_bytes(bytes) {
        0 => None,
        micros => Some(UNIX_EPOCH + Duration::from_micros(micros)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Format 1, as it was first written.
    const FIXTURE: &[u8] = b"\0\0\0\0\0\0\x01\x02\0\x05\xff\x2c\x4e\x43\x10\0\0\0\0\0\0\0\0\0{\"state\":\"paid\"}";

    #[test]
    fn format_1_is_read() {
        let value = decode(FIXTURE).unwrap();
        assert_eq!(value.revision, Revision(0x102));
        assert_eq!(value.not_before, Some(UNIX_EPOCH + Duration::from_micros(0x0005_ff2c_4e43_1000)));
        assert_eq!(value.expires, None);
        assert_eq!(value.payload, "{\"state\":\"paid\"}");
    }

    #[test]
    fn a_short_value_is_an_error() {
        assert_eq!(decode(&FIXTURE[..23]), Err("it has only 23 bytes".to_owned()));
    }

    /// Mail of format 2, as it was first written, and an answer of format 3.
    #[test]
    fn mail_of_both_kinds_is_read() {
        let instance = InstanceId::new("expense", "e-7").unwrap();
        let key = encode_mail_key(&instance, "Approved", 9);
        let mail = decode_mail(&key, b"\x01\x03k-1{}").unwrap();
        assert_eq!((mail.instance, &*mail.name, mail.number, &*mail.key), (instance, "Approved", 9, "k-1"));
        assert_eq!((mail.remember, mail.expires, &*mail.payload), (true, None, &b"{}"[..]));
        let answer = decode_mail(&key, b"\x02\0\x05\xff\x2c\x4e\x43\x10\0\x03k-17").unwrap();
        let expires = UNIX_EPOCH + Duration::from_micros(0x0005_ff2c_4e43_1000);
        assert_eq!((answer.remember, answer.expires, &*answer.payload), (false, Some(expires), &b"7"[..]));
        assert!(decode_mail(&key, b"\x02\0\x05").is_err());
    }

    /// A line, as it was first written.
    #[test]
    fn a_line_of_format_4_is_read() {
        let key = b"\x01expense/\0\0\0\0\0\0\0\x09";
        let value = b"\0\x05\xff\x2c\x4e\x43\x10\0\x03e-7\x031-2{}";
        let line = decode_line(key, value).unwrap();
        let expires = UNIX_EPOCH + Duration::from_micros(0x0005_ff2c_4e43_1000);
        let instance = InstanceId::new("expense", "e-7").unwrap();
        let payload = Bytes::from_static(b"{}");
        let expected = Written { log: Log::Events, instance, position: 9, key: "1-2".to_owned(), expires, payload };
        assert_eq!(line, expected);
        assert_eq!((line_key(&line), encode_line(&line)), (key.to_vec(), value.to_vec()));
        assert!(decode_line(key, &value[..12]).is_err() && decode_line(b"\x07x/12345678", value).is_err());
    }

    #[test]
    fn times_are_rounded_up() {
        let time = UNIX_EPOCH + Duration::from_nanos(1_000_000_001);
        assert_eq!(
            decode_time(encode_time(Some(time)).to_be_bytes()),
            Some(UNIX_EPOCH + Duration::from_micros(1_000_001))
        );
        assert_eq!(decode_time(encode_time(None).to_be_bytes()), None);
    }

    #[test]
    fn keys_come_back() {
        let instance = InstanceId::new("checkout", "order-42!~#$").unwrap();
        assert_eq!(decode_key(&encode_key(&instance)).as_ref(), Ok(&instance));
        assert!(decode_key(b"checkout").is_err());
        let note = (instance.clone(), Revision(7), 0x2f2f);
        assert_eq!(decode_note_key(&encode_note_key(&instance, Revision(7), 0x2f2f)), Ok(note));
        assert!(decode_note_key(&encode_key(&instance)).is_err());
    }
}

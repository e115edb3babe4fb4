//! Standing in a line: what workers, and the line's own step, do for that.

use super::begin::{self, Sent};
use super::post::{Mailing, decoded, post_surely};
use super::{Client, IfExists};
use crate::durable::Signal as _;
use crate::engine::TURN;
use crate::record::{Letter, Value};
use crate::transport::{InstanceId, Post};
use crate::turns::{Join, Member, Standing, line};
use crate::{Error, ErrorKind};

impl Client {
    /// Puts an instance into its line. `false`: that is not sure yet, as the line is about to end; to be asked again after a second.
    pub(crate) async fn queue_up(&self, join: &Join, of: &str) -> Result<bool, Error> {
        let key = join.member.key(&join.saga);
        let mailing = Mailing { key, remember: false, ..Mailing::new(Join::NAME.to_owned(), None, join, None)? };
        let (_, instance, begin) = self.start(line()).id(of).if_exists(IfExists::Restart).begin()?;
        let life = match begin::send(self, &instance, &mailing, Some(&begin)).await? {
            Sent::Brought(_) => return Ok(true),
            Sent::Posted(life, _) => life,
            // Somebody has ended it by hand, and it unwinds.
            Sent::Refused(_) => return Ok(false),
        };
        // What is there when the line has not said that it ends is taken before it does.
        let Some(stored) = self.transport.latest(&instance).await? else { return Ok(false) };
        let record = decoded(self, &instance, &stored.payload)?;
        let standing: Option<Standing> = record.progress.as_ref().and_then(|said| said.read().ok());
        Ok(record.life == life && !record.status.is_terminal() && standing.is_none_or(|standing| !standing.closes))
    }

    /// Tells an instance that it is its turn. `false`: it has come to its end, or that life of it has.
    pub(crate) async fn give_turn(&self, saga: &str, member: &Member) -> Result<bool, Error> {
        let instance = InstanceId::new(saga, member.id.as_str())?;
        let Some(stored) = self.transport.latest(&instance).await? else { return Ok(false) };
        let record = decoded(self, &instance, &stored.payload)?;
        if record.life != member.life || record.status.is_terminal() {
            return Ok(false);
        }
        let value = Value::write(&()).map_err(|error| Error::new(ErrorKind::Unserializable, error.to_string()))?;
        let (key, payload) =
            (format!("turn:{}", member.life), Letter::new(member.life, None, value).encode(&*self.codec));
        let post = Post { instance: &instance, name: TURN, key: &key, remember: false, answer_for: None, payload };
        post_surely(self, post).await.map(|_| true)
    }
}

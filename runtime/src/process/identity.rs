//! Acts as somebody else: for commands, and where a user could lead the agent astray.

use std::ffi::CString;
use std::io;
use std::panic::resume_unwind;
use std::thread;

use nix::unistd::{User, getgrouplist};
use rustix::process::{Gid, Uid, getegid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};
use tokio::process::{Child, Command};
use tokio::runtime::Handle;

use crate::accounts::{self, UnknownNumber};
use crate::resource::ResourceError;

/// Who acts: user, group and further groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    uid: u32,
    gid: u32,
    groups: Vec<u32>,
}

impl Identity {
    /// The identity for the names or numbers of a user and a group, either of which may be empty.
    /// Without a group it is the main group of the user, who in any case has all further groups that the
    /// user is a member of. Nothing if that is who we are. Looks accounts up, which may block.
    ///
    /// # Errors
    /// If there is no such user or group, or we may not become them.
    pub fn new(user: &str, group: &str) -> Result<Option<Self>, ResourceError> {
        let own = (geteuid().as_raw(), getegid().as_raw());
        let account = match user {
            "" => None,
            user => Some(
                accounts::user(user)?
                    .ok_or_else(|| ResourceError::message(format!("there is no user `{user}`")))?,
            ),
        };
        let uid = account
            .as_ref()
            .map_or(own.0, |account| account.uid.as_raw());
        let gid = match (group, &account) {
            ("", None) => own.1,
            ("", Some(account)) => account.gid.as_raw(),
            (group, _) => accounts::gid(group, UnknownNumber::Refuse)?,
        };
        if (uid, gid) == own {
            return Ok(None);
        }
        if own.0 != 0 {
            let (what, name) = if uid == own.0 {
                ("group", group)
            } else {
                ("user", user)
            };
            return Err(ResourceError::message(format!(
                "only root can run a command as the {what} `{name}`"
            )));
        }
        let groups = match &account {
            Some(account) => groups_of(account, gid)?,
            None => vec![gid],
        };
        Ok(Some(Self { uid, gid, groups }))
    }

    /// Does some work on a thread that has become this identity, and ends with that.
    ///
    /// # Errors
    /// If it can not become this identity.
    pub fn run<T: Send>(&self, work: impl FnOnce() -> T + Send) -> io::Result<T> {
        let thread = thread::scope(|scope| {
            let work = || {
                self.assume()?;
                Ok(work())
            };
            scope.spawn(work).join()
        });
        thread.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Starts a command as this identity.
    pub(super) fn spawn(&self, mut command: Command) -> io::Result<Child> {
        let handle = Handle::current();
        self.run(|| {
            let _runtime = handle.enter();
            command.spawn()
        })?
    }

    /// Makes the present thread this identity, for good.
    fn assume(&self) -> io::Result<()> {
        let groups: Vec<Gid> = self.groups.iter().copied().map(Gid::from_raw).collect();
        let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
        // The user last: afterwards nothing may be changed any more.
        set_thread_groups(&groups)?;
        set_thread_res_gid(gid, gid, gid)?;
        set_thread_res_uid(uid, uid, uid)?;
        Ok(())
    }
}

fn groups_of(account: &User, gid: u32) -> Result<Vec<u32>, ResourceError> {
    let failed = |error: String| {
        ResourceError::message(format!(
            "can't look up the groups of `{}`: {error}",
            account.name
        ))
    };
    let name = CString::new(account.name.as_str()).map_err(|error| failed(error.to_string()))?;
    let groups = getgrouplist(&name, nix::unistd::Gid::from_raw(gid))
        .map_err(|error| failed(error.to_string()))?;
    Ok(groups.into_iter().map(nix::unistd::Gid::as_raw).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oneself_is_nobody_else() {
        assert_eq!(Identity::new("", "").unwrap(), None);
        let (uid, gid) = (
            geteuid().as_raw().to_string(),
            getegid().as_raw().to_string(),
        );
        assert_eq!(Identity::new(&uid, &gid).unwrap(), None);
    }

    #[test]
    fn unknown_accounts_are_errors() {
        let error = Identity::new("no-such-user", "").unwrap_err();
        assert_eq!(error.to_string(), "there is no user `no-such-user`");
        let error = Identity::new("", "no-such-group").unwrap_err();
        assert_eq!(error.to_string(), "there is no group `no-such-group`");
    }

    #[test]
    fn a_user_brings_the_main_group() {
        if !geteuid().is_root() {
            return;
        }
        let identity = Identity::new("nobody", "").unwrap().unwrap();
        let nobody = User::from_name("nobody").unwrap().unwrap();
        assert_eq!(identity.gid, nobody.gid.as_raw());
        assert!(identity.groups.contains(&identity.gid));
    }
}

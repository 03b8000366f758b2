//! An account as the C library knows it, whatever source it comes from.

use std::ffi::CString;
use std::fmt::Display;

use mgmt_stdlib::resources::user as declared;
use nix::unistd::{Gid, Group, Uid, User, getgrouplist};

use crate::resource::ResourceError;

/// An account as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// The name of the main group, if it has one.
    pub(super) group: Option<String>,
    /// The names of the further groups.
    pub(super) groups: Vec<String>,
    pub(super) homedir: String,
    pub(super) shell: String,
}

impl Account {
    pub(super) fn look_up(name: &str) -> Result<Option<Self>, ResourceError> {
        let Some(user) = User::from_name(name).map_err(failed("account", name))? else {
            return Ok(None);
        };
        let c_name = CString::new(name).map_err(failed("account", name))?;
        let gids = getgrouplist(&c_name, user.gid).map_err(failed("groups of", name))?;
        let mut groups = Vec::new();
        for gid in gids.into_iter().filter(|gid| *gid != user.gid) {
            groups.extend(group_name(gid)?);
        }
        Ok(Some(Self {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            group: group_name(user.gid)?,
            groups,
            homedir: user.dir.to_string_lossy().into_owned(),
            shell: user.shell.to_string_lossy().into_owned(),
        }))
    }
}

/// Who has this number.
pub(super) fn owner(uid: u32) -> Result<Option<String>, ResourceError> {
    let user = User::from_uid(Uid::from_raw(uid)).map_err(failed("uid", uid))?;
    Ok(user.map(|user| user.name))
}

pub(super) fn group_exists(name: &str) -> Result<bool, ResourceError> {
    let group = Group::from_name(name).map_err(failed("group", name))?;
    Ok(group.is_some())
}

/// Whether one of the groups that the account shall be in does not exist.
pub(super) fn lacks_a_group(params: &declared::User) -> Result<bool, ResourceError> {
    if let Some(gid) = params.gid
        && group_name(Gid::from_raw(gid))?.is_none()
    {
        return Ok(true);
    }
    for name in params.group.iter().chain(params.groups.iter().flatten()) {
        if !group_exists(name)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn group_name(gid: Gid) -> Result<Option<String>, ResourceError> {
    let group = Group::from_gid(gid).map_err(failed("group", gid))?;
    Ok(group.map(|group| group.name))
}

fn failed<E: Display>(what: &str, which: impl Display) -> impl FnOnce(E) -> ResourceError {
    move |error| ResourceError::message(format!("can't look up the {what} `{which}`: {error}"))
}

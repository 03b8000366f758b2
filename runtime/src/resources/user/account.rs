//! An account as the C library knows it, whatever source it comes from.

use std::collections::HashMap;
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
    /// The account of this name, if there is one. Where several groups share a number, those that `params` names are
    /// the ones that count.
    pub(super) fn look_up(
        name: &str,
        params: &declared::User,
    ) -> Result<Option<Self>, ResourceError> {
        let Some(user) = User::from_name(name).map_err(failed("account", name))? else {
            return Ok(None);
        };
        let c_name = CString::new(name).map_err(failed("account", name))?;
        let gids = getgrouplist(&c_name, user.gid).map_err(failed("groups of", name))?;
        let wanted = wanted_groups(params)?;
        let known = |gid: Gid| match wanted.get(&gid.as_raw()) {
            Some(name) => Ok(Some((*name).to_owned())),
            None => group_name(gid),
        };
        let mut groups = Vec::new();
        for gid in gids.into_iter().filter(|gid| *gid != user.gid) {
            groups.extend(known(gid)?);
        }
        Ok(Some(Self {
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            group: known(user.gid)?,
            groups,
            homedir: user.dir.to_string_lossy().into_owned(),
            shell: user.shell.to_string_lossy().into_owned(),
        }))
    }
}

/// The groups that are wanted, as far as there are any, by their numbers.
fn wanted_groups(params: &declared::User) -> Result<HashMap<u32, &str>, ResourceError> {
    let mut wanted = HashMap::new();
    // The main group comes last, since it counts most.
    let names = params.groups.iter().flatten().chain(&params.group);
    for name in names {
        if let Some(group) = Group::from_name(name).map_err(failed("group", name))? {
            wanted.insert(group.gid.as_raw(), name.as_str());
        }
    }
    Ok(wanted)
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

//! `user` is woken by changes of `/etc/passwd` and `/etc/group`. It looks the account up as every program does,
//! compares what is given, and lets `useradd`, `usermod` and `userdel` change what differs. Home directories are
//! neither moved nor removed.

mod account;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use mgmt_stdlib::paths::clean;
use mgmt_stdlib::resources::user as declared;

use crate::accounts::{self, AccountCommand};
use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError, WatchContext};
use account::Account;

const ACCOUNTS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";
/// How long a missing group may take to come: whoever manages it may be at work.
const PATIENCE: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(100);

/// See [`declared::User`].
pub(super) struct User {
    name: String,
}

#[async_trait]
impl Resource for User {
    type Params = declared::User;

    fn new(name: &str, _params: &declared::User) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    async fn watch(
        &self,
        _params: &declared::User,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let files = [ACCOUNTS, GROUPS].map(|file| (file.into(), false));
        let watch = context.services.paths.watch_all(files.to_vec()).await?;
        context.follow(watch).await
    }

    async fn check_apply(
        &self,
        params: &declared::User,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let start = Instant::now();
        let (mut reported, mut again) = (false, true);
        loop {
            let Some((change, differences)) = self.planned(params, context).await? else {
                return Ok(Outcome::Unchanged);
            };
            if !std::mem::replace(&mut reported, true) {
                for difference in differences {
                    context.report(|| difference);
                }
                context.report(|| change.in_words());
            }
            if !context.apply() {
                return Ok(Outcome::Changed);
            }
            let changed = accounts::change(&context.services, context.token(), &change).await;
            let Err(error) = changed else {
                tracing::info!("ran `{}` for the account `{}`", change.program, self.name);
                return Ok(Outcome::Changed);
            };
            // `userdel` by somebody else removes the account's own group a moment later, so that it is missing now
            // or was until now.
            let wanted = params.clone();
            let lacks = move || account::lacks_a_group(&wanted);
            let lacks = context.services.blocking.run(lacks).await?;
            let may_pass = lacks || std::mem::take(&mut again);
            if !may_pass || start.elapsed() > PATIENCE {
                return Err(error);
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY) => {}
                () = context.cancelled() => return Err(ResourceError::Cancelled),
            }
        }
    }
}

impl User {
    /// What has to be done now, and what that changes about an account that is there.
    async fn planned(
        &self,
        params: &declared::User,
        context: &CheckContext,
    ) -> Result<Option<(AccountCommand, Vec<Change>)>, ResourceError> {
        let (name, params, apply) = (self.name.clone(), params.clone(), context.apply());
        let plan = move || {
            let present = Account::look_up(&name, &params)?;
            if params.state == "exists" {
                must_be_free(&name, &params, present.as_ref())?;
            }
            let own_group = present.is_none() && account::group_exists(&name)?;
            let change = plan(&name, &params, present.as_ref(), own_group);
            if apply && present.is_some() && change.is_some() {
                accounts::must_be_local("account", &name, Path::new(ACCOUNTS))?;
            }
            Ok(change.map(|change| {
                let differences = differences(&change, present.as_ref());
                (change, differences)
            }))
        };
        context.services.blocking.run(plan).await
    }
}

/// Refuses a number that another account has.
fn must_be_free(
    name: &str,
    params: &declared::User,
    present: Option<&Account>,
) -> Result<(), ResourceError> {
    let Some(uid) = params.uid.filter(|_| !params.allowduplicateuid) else {
        return Ok(());
    };
    if present.is_some_and(|account| account.uid == uid) {
        return Ok(());
    }
    match account::owner(uid)?.filter(|owner| owner != name) {
        Some(owner) => Err(ResourceError::message(format!(
            "the uid {uid} belongs to the account `{owner}`: `allowduplicateuid` permits sharing it"
        ))),
        None => Ok(()),
    }
}

/// What has to be done. `own_group` tells that there is a group of the name of an account which is to be made.
fn plan(
    name: &str,
    params: &declared::User,
    present: Option<&Account>,
    own_group: bool,
) -> Option<AccountCommand> {
    let change = |program, mut args: Vec<String>| {
        args.extend(["--".to_owned(), name.to_owned()]);
        Some(AccountCommand { program, args })
    };
    if params.state == "absent" {
        return present.and_then(|_| change("userdel", Vec::new()));
    }
    let Some(present) = present else {
        let mut args = options(params, None);
        let main_group = params.gid.is_some() || params.group.is_some();
        if own_group && !main_group {
            // It would otherwise want to make a group of that name, and fail.
            args.extend(["--gid".to_owned(), name.to_owned()]);
        }
        return change("useradd", args);
    };
    let args = options(params, Some(present));
    (!args.is_empty())
        .then(|| change("usermod", args))
        .flatten()
}

/// What a program changes about an account that is there.
fn differences(change: &AccountCommand, present: Option<&Account>) -> Vec<Change> {
    let Some(present) = present else {
        return Vec::new();
    };
    let number = || present.gid.to_string();
    let differences = change.args.windows(2).filter_map(|pair| {
        let (name, old) = match pair[0].as_str() {
            "--uid" => ("uid", present.uid.to_string()),
            "--gid" => ("group", present.group.clone().unwrap_or_else(number)),
            "--groups" => ("groups", present.groups.join(",")),
            "--home" => ("homedir", present.homedir.clone()),
            "--shell" => ("shell", present.shell.clone()),
            _ => return None,
        };
        let new = pair[1].clone();
        Some(Change::Property { name, old, new })
    });
    differences.collect()
}

/// The options for what is given and is not so at present.
fn options(params: &declared::User, present: Option<&Account>) -> Vec<String> {
    let mut args = Vec::new();
    let mut option = |name: &str, value: String| args.extend([name.to_owned(), value]);
    let differs = |is_so: &dyn Fn(&Account) -> bool| !present.is_some_and(is_so);
    if let Some(uid) = params.uid.filter(|uid| differs(&|it| it.uid == *uid)) {
        option("--uid", uid.to_string());
    }
    if let Some(gid) = params.gid.filter(|gid| differs(&|it| it.gid == *gid)) {
        option("--gid", gid.to_string());
    }
    if let Some(group) = &params.group
        && differs(&|it| it.group.as_ref() == Some(group))
    {
        option("--gid", group.clone());
    }
    if let Some(groups) = &params.groups
        && differs(&|it| are_in(&it.groups, lasting_main_group(params, it), groups))
    {
        option("--groups", groups.join(","));
    }
    if let Some(homedir) = &params.homedir
        && differs(&|it| clean(&it.homedir) == clean(homedir))
    {
        let name = if present.is_some() {
            "--home"
        } else {
            "--home-dir"
        };
        option(name, clean(homedir));
    }
    if let Some(shell) = &params.shell
        && differs(&|it| it.shell == *shell)
    {
        option("--shell", shell.clone());
    }
    if params.allowduplicateuid && args.first().is_some_and(|first| first == "--uid") {
        args.insert(0, "--non-unique".to_owned());
    }
    args
}

/// The main group, unless it is about to be another one or is told by name, which excludes it from the further ones.
fn lasting_main_group<'a>(params: &declared::User, present: &'a Account) -> Option<&'a String> {
    let stays = params.group.is_none() && params.gid.is_none_or(|gid| gid == present.gid);
    present.group.as_ref().filter(|_| stays)
}

/// Whether the further groups are the wanted ones. Whoever is in a group by its main group is in it.
fn are_in(present: &[String], main: Option<&String>, wanted: &[String]) -> bool {
    let wanted = wanted.iter().filter(|group| Some(*group) != main);
    wanted.collect::<BTreeSet<_>>() == present.iter().collect()
}

#[cfg(test)]
mod tests;

//! `group` is woken by changes of `/etc/group`. It looks the group up as every program does, compares its number if
//! that is given, and lets `groupadd`, `groupmod` and `groupdel` do the rest. Files keep their group's old number.

use std::path::Path;

use async_trait::async_trait;
use mgmt_stdlib::resources::group as declared;
use nix::unistd::{self, Gid};

use crate::accounts::{self, AccountCommand};
use crate::resource::{Change, CheckContext, Outcome, Resource, ResourceError, WatchContext};

const GROUPS: &str = "/etc/group";

/// See [`declared::Group`].
pub(super) struct Group {
    name: String,
}

#[async_trait]
impl Resource for Group {
    type Params = declared::Group;

    fn new(name: &str, _params: &declared::Group) -> Self {
        Self {
            name: name.to_owned(),
        }
    }

    async fn watch(
        &self,
        _params: &declared::Group,
        context: &WatchContext,
    ) -> Result<(), ResourceError> {
        let watch = context.services.paths.watch(GROUPS, false).await?;
        context.follow(watch).await
    }

    async fn check_apply(
        &self,
        params: &declared::Group,
        context: &CheckContext,
    ) -> Result<Outcome, ResourceError> {
        let wanted = params.gid;
        let (name, params, apply) = (self.name.clone(), params.clone(), context.apply());
        let plan = move || {
            let failed = |error| {
                ResourceError::message(format!("can't look up the group `{name}`: {error}"))
            };
            let present = unistd::Group::from_name(&name)
                .map_err(failed)?
                .map(|group| group.gid.as_raw());
            let owner = match params.gid {
                Some(gid) => unistd::Group::from_gid(Gid::from_raw(gid)).map_err(failed)?,
                None => None,
            };
            let owner = owner.map(|group| group.name);
            let change = plan(&name, &params, present, owner.as_deref())?;
            if apply && present.is_some() && change.is_some() {
                accounts::must_be_local("group", &name, Path::new(GROUPS))?;
            }
            Ok(change.map(|change| (change, present)))
        };
        let Some((change, present)) = context.services.blocking.run(plan).await? else {
            return Ok(Outcome::Unchanged);
        };
        if change.program == "groupmod"
            && let (Some(old), Some(new)) = (present, wanted)
        {
            context.report(|| Change::Property {
                name: "gid",
                old: old.to_string(),
                new: new.to_string(),
            });
        }
        context.report(|| change.in_words());
        if context.apply() {
            accounts::change(&context.services, context.token(), &change).await?;
            tracing::info!("ran `{}` for the group `{}`", change.program, self.name);
        }
        Ok(Outcome::Changed)
    }
}

/// What has to be done for a group that has the number `present`, if it is there, while the wanted number belongs to
/// `owner`.
fn plan(
    name: &str,
    params: &declared::Group,
    present: Option<u32>,
    owner: Option<&str>,
) -> Result<Option<AccountCommand>, ResourceError> {
    let change = |program, options: &[String]| {
        let end = ["--".to_owned(), name.to_owned()];
        let args = [options, &end].concat();
        Some(AccountCommand { program, args })
    };
    if params.state == "absent" {
        return Ok(present.and_then(|_| change("groupdel", &[])));
    }
    let is_wanted = |gid| params.gid.is_none_or(|wanted| wanted == gid);
    if present.is_some_and(is_wanted) {
        return Ok(None);
    }
    let mut options = Vec::new();
    if let Some(gid) = params.gid {
        if let Some(owner) = owner.filter(|owner| *owner != name) {
            return Err(ResourceError::message(format!(
                "the gid {gid} belongs to the group `{owner}`"
            )));
        }
        options = vec!["--gid".to_owned(), gid.to_string()];
    }
    let program = match present {
        Some(_) => "groupmod",
        None => "groupadd",
    };
    Ok(change(program, &options))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::harness::Scratch;

    fn planned(
        state: &str,
        gid: Option<u32>,
        present: Option<u32>,
        owner: Option<&str>,
    ) -> Result<Option<String>, String> {
        let state = state.to_owned();
        plan("g", &declared::Group { state, gid }, present, owner)
            .map(|change| change.map(|it| format!("{} {}", it.program, it.args.join(" "))))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn only_what_differs_is_changed() {
        let done = |change: &str| Ok(Some(change.to_owned()));
        assert_eq!(planned("exists", None, None, None), done("groupadd -- g"));
        assert_eq!(
            planned("exists", Some(7), None, None),
            done("groupadd --gid 7 -- g")
        );
        assert_eq!(
            planned("exists", Some(7), Some(8), None),
            done("groupmod --gid 7 -- g")
        );
        assert_eq!(planned("exists", Some(7), Some(7), Some("g")), Ok(None));
        assert_eq!(planned("exists", None, Some(7), None), Ok(None));
        assert_eq!(
            planned("absent", Some(7), Some(8), Some("h")),
            done("groupdel -- g")
        );
        assert_eq!(planned("absent", None, None, None), Ok(None));
    }

    #[test]
    fn a_number_has_one_owner() {
        let error = planned("exists", Some(7), None, Some("h")).unwrap_err();
        assert_eq!(error, "the gid 7 belongs to the group `h`");
    }

    #[tokio::test]
    async fn the_present_is_looked_up() {
        let scratch = Scratch::new();
        let root = declared::Group {
            state: "exists".to_owned(),
            gid: Some(0),
        };
        scratch
            .resource::<Group>("root", root.clone())
            .is_settled()
            .await;
        let missing = scratch.resource::<Group>("mgmt-test-none", root);
        let error = missing.noop().await.unwrap_err().to_string();
        assert_eq!(error, "the gid 0 belongs to the group `root`");
    }
}

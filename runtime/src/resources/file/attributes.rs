//! Owner, group and mode of what is there (resources-host.md §2.5.8, §2.5.9), and its SELinux context.

use std::fs::{self, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};

use mgmt_stdlib::mode::{MODE_BITS, Octal};
use mgmt_stdlib::resources::file::State;

use super::disturbance::Vanished;
use super::selinux;
use super::work::Work;
use crate::accounts::{self, UnknownNumber};
use crate::resource::{Change, Outcome, ResourceError};

impl Work {
    pub(super) fn attributes(&self) -> Result<Outcome, ResourceError> {
        self.put_attributes().map_err(|error| match error {
            ResourceError::Path { path, error, .. }
                if self.must_exist() && error.kind() == io::ErrorKind::NotFound =>
            {
                Vanished(path).into()
            }
            error => error,
        })
    }

    fn put_attributes(&self) -> Result<Outcome, ResourceError> {
        // The owner first: changing it clears bits of the mode.
        Ok(self
            .be_owned()?
            .and(self.have_mode()?)
            .and(self.have_context()?))
    }

    fn must_exist(&self) -> bool {
        self.params.wanted_state() == State::Exists
    }

    /// The object itself, which for a link is the link.
    fn object(&self, parameter: &str) -> Result<Metadata, ResourceError> {
        let there = if self.params.symlink {
            self.examine_link()?
        } else {
            self.examine()?
        };
        there.ok_or_else(|| {
            if self.must_exist() {
                return Vanished(self.path.clone()).into();
            }
            self.wrong(&format!(
                "does not exist, so its {parameter} can not be set"
            ))
        })
    }

    fn be_owned(&self) -> Result<Outcome, ResourceError> {
        let params = &self.params;
        if params.owner.is_empty() && params.group.is_empty() {
            return Ok(Outcome::Unchanged);
        }
        let there = self.object("owner")?;
        let mut uid = None;
        if !params.owner.is_empty() {
            let wanted = accounts::uid(&params.owner, UnknownNumber::Accept)?;
            uid = (wanted != there.uid()).then_some(wanted);
        }
        let mut gid = None;
        if !params.group.is_empty() {
            let wanted = accounts::gid(&params.group, UnknownNumber::Accept)?;
            gid = (wanted != there.gid()).then_some(wanted);
        }
        if uid.is_none() && gid.is_none() {
            return Ok(Outcome::Unchanged);
        }
        let tells = |name, in_words: fn(u32) -> String, old, new: Option<u32>| {
            new.is_some_and(|new| {
                self.only_tells(|| Change::Property {
                    name,
                    old: in_words(old),
                    new: in_words(new),
                })
            })
        };
        let owner = tells("owner", accounts::user_name, there.uid(), uid);
        let group = tells("group", accounts::group_name, there.gid(), gid);
        if owner || group {
            return Ok(Outcome::Changed);
        }
        let chown = if params.symlink {
            lchown(&self.path, uid, gid)
        } else {
            std::os::unix::fs::chown(&self.path, uid, gid)
        };
        chown.map_err(ResourceError::path("change the owner of", &self.path))?;
        let user = uid.map(|uid| format!("user {uid}"));
        let group = gid.map(|gid| format!("group {gid}"));
        let owners: Vec<_> = user.into_iter().chain(group).collect();
        tracing::info!("chown `{}`: {}", self.path.display(), owners.join(", "));
        Ok(Outcome::Changed)
    }

    fn have_mode(&self) -> Result<Outcome, ResourceError> {
        // Links have no mode.
        if self.params.symlink {
            return Ok(Outcome::Unchanged);
        }
        let Some(mode) = self.mode()? else {
            return Ok(Outcome::Unchanged);
        };
        let present = self.object("mode")?.mode() & MODE_BITS;
        let wanted = mode.resolve(present);
        if wanted == present {
            return Ok(Outcome::Unchanged);
        }
        let tells = self.only_tells(|| Change::Property {
            name: "mode",
            old: Octal(present).to_string(),
            new: Octal(wanted).to_string(),
        });
        if tells {
            return Ok(Outcome::Changed);
        }
        fs::set_permissions(&self.path, Permissions::from_mode(wanted))
            .map_err(ResourceError::path("change the mode of", &self.path))?;
        tracing::info!(
            "chmod `{}`: {} -> {}",
            self.path.display(),
            Octal(present),
            Octal(wanted)
        );
        Ok(Outcome::Changed)
    }

    fn have_context(&self) -> Result<Outcome, ResourceError> {
        let Some(wanted) = &self.params.selinux else {
            return Ok(Outcome::Unchanged);
        };
        let present = selinux::context(&self.path)?;
        if present.as_deref().unwrap_or_default() == wanted.as_bytes() {
            return Ok(Outcome::Unchanged);
        }
        let tells = self.only_tells(|| Change::Property {
            name: "selinux",
            old: present.as_deref().map_or_else(
                || "(none)".to_owned(),
                |context| String::from_utf8_lossy(context).into_owned(),
            ),
            new: wanted.clone(),
        });
        if tells {
            return Ok(Outcome::Changed);
        }
        selinux::set_context(&self.path, wanted)?;
        tracing::info!("set the context of `{}` to `{wanted}`", self.path.display());
        Ok(Outcome::Changed)
    }
}

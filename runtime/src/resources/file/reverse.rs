//! What undoes a `file`, from the state of the machine before it is applied (resources-host.md §2.8).

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use mgmt_stdlib::mode::MODE_BITS;
use mgmt_stdlib::resources::file as declared;
use mgmt_stdlib::resources::file::State;
use mgmt_stdlib::value::Str;

use super::selinux;
use crate::resource::ResourceError;

/// The inverse of the file at `path`. It blocks.
///
/// # Errors
/// If such a file can not be undone, or can not be examined.
pub(super) fn reversed(
    path: &Path,
    mut params: declared::File,
) -> Result<declared::File, ResourceError> {
    if path.to_string_lossy().ends_with('/') {
        return Err(not_supported("a directory"));
    }
    if !params.source.is_empty() {
        return Err(not_supported("a file with `source`"));
    }
    let there = match fs::metadata(path) {
        Ok(there) => Some(there),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(ResourceError::path("examine", path)(error)),
    };
    let content = there
        .as_ref()
        .filter(|there| there.is_file())
        .map(|_| fs::read(path).map_err(ResourceError::path("read", path)))
        .transpose()?
        .map(Str::from);
    // It is again for those whom it was for, and nobody else.
    let comes_back = params.wanted_state() == State::Absent && content.is_some();
    let managed = params.content.is_some() || !params.fragments.is_empty();
    params.fragments.clear();
    params.content = None;
    match params.wanted_state() {
        State::Exists => {
            "absent".clone_into(&mut params.state);
            // What is not there has no owner and mode.
            params.owner.clear();
            params.group.clear();
            params.mode.clear();
            params.selinux = None;
            return Ok(params);
        }
        State::Absent => {
            "exists".clone_into(&mut params.state);
            params.content = content;
        }
        State::Undefined if managed => params.content = content,
        State::Undefined => {}
    }
    let now = |param: &mut String, text: &dyn Fn(&fs::Metadata) -> String| {
        if comes_back || !param.is_empty() {
            *param = there.as_ref().map(text).unwrap_or_default();
        }
    };
    now(&mut params.owner, &|there| there.uid().to_string());
    now(&mut params.group, &|there| there.gid().to_string());
    now(&mut params.mode, &|there| {
        format!("{:04o}", there.permissions().mode() & MODE_BITS)
    });
    if params.selinux.take().is_some() && there.is_some() {
        let context = selinux::context(path)?.unwrap_or_default();
        params.selinux = Some(String::from_utf8_lossy(&context).into_owned());
    }
    Ok(params)
}

fn not_supported(what: &str) -> ResourceError {
    ResourceError::message(format!(
        "{what} can't be reversed: leave `Meta:reverse` out"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::harness::Scratch;

    fn file(state: &str) -> declared::File {
        declared::File {
            state: state.to_owned(),
            ..declared::File::default()
        }
    }

    #[test]
    fn what_was_made_is_removed() {
        let scratch = Scratch::new();
        let params = declared::File {
            content: Some(Str::from("new")),
            owner: "root".to_owned(),
            mode: "0600".to_owned(),
            ..file("exists")
        };
        let inverse = reversed(&scratch.path("a"), params).unwrap();
        assert_eq!(inverse, file("absent"));
    }

    #[test]
    fn what_was_removed_comes_back() {
        let scratch = Scratch::new();
        let path = scratch.path("a");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let owner = fs::metadata(&path).unwrap();
        let inverse = reversed(&path, file("absent")).unwrap();
        let expected = declared::File {
            content: Some(Str::from("old")),
            owner: owner.uid().to_string(),
            group: owner.gid().to_string(),
            mode: "0600".to_owned(),
            ..file("exists")
        };
        assert_eq!(inverse, expected);
        let nothing = reversed(&scratch.path("b"), file("absent")).unwrap();
        assert_eq!(nothing, file("exists"));
    }

    #[test]
    fn what_was_changed_is_as_before() {
        let scratch = Scratch::new();
        let path = scratch.path("a");
        fs::write(&path, b"\xff old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let params = declared::File {
            content: Some(Str::from("new")),
            mode: "u=rw".to_owned(),
            ..file("")
        };
        let inverse = reversed(&path, params.clone()).unwrap();
        let expected = declared::File {
            content: Some(Str::from(b"\xff old".to_vec())),
            mode: "0640".to_owned(),
            ..file("")
        };
        assert_eq!(inverse, expected);
        let nothing = reversed(&scratch.path("b"), params).unwrap();
        assert_eq!(nothing, file(""), "what was not there is left alone");
    }

    #[test]
    fn directories_and_copies_are_refused() {
        let scratch = Scratch::new();
        let copy = declared::File {
            source: "/a".to_owned(),
            ..file("exists")
        };
        assert!(reversed(&scratch.path("a"), copy).is_err());
        assert!(reversed(Path::new("/tmp/"), file("exists")).is_err());
    }
}

//! Replacing files.

use std::io::Write;
use std::os::unix::fs::symlink;

use super::super::group::commit_all;
use super::super::is_own_temporary;
use super::*;

fn write(path: &Path, attributes: &Attributes, content: &str) -> Result<bool, ResourceError> {
    let staged = Staged::write(Slot::unlimited(), path, attributes, |file| {
        file.write_all(content.as_bytes())
            .map_err(ResourceError::path("write", path))
    })?;
    let in_place = staged.is_in_place();
    commit_all(vec![staged]).pop().unwrap()?;
    Ok(in_place)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & MODE_BITS
}

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_new_file_appears_whole_and_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    assert!(!write(&path, &Attributes::default(), "hello").unwrap());
    assert_eq!(fs::read_to_string(&path).unwrap(), "hello");
    assert_eq!(mode(&path), 0o666 & !umask());
    assert_eq!(names(dir.path()), ["a"]);
}

#[test]
fn nothing_is_visible_before_the_commit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    let secret = Attributes {
        mode: Some(Mode::parse("0644").unwrap()),
        ..Attributes::default()
    };
    let mut seen = 0;
    let staged = Staged::write(Slot::unlimited(), &path, &secret, |file| {
        seen = file.metadata().unwrap().mode() & MODE_BITS;
        Ok(())
    })
    .unwrap();
    assert_eq!(seen, 0o600);
    assert!(!path.exists());
    for temporary in names(dir.path()) {
        assert!(is_own_temporary(temporary.as_bytes()));
    }
    drop(staged);
    assert_eq!(names(dir.path()), [""; 0]);
}

#[test]
fn a_replaced_file_keeps_its_mode_unless_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    fs::write(&path, "old").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    write(&path, &Attributes::default(), "new").unwrap();
    assert_eq!(mode(&path), 0o640);
    let symbolic = Attributes {
        mode: Some(Mode::parse("o=r").unwrap()),
        ..Attributes::default()
    };
    write(&path, &symbolic, "newer").unwrap();
    assert_eq!(mode(&path), 0o644);
    assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
}

#[test]
fn a_link_stays_and_its_referent_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("link");
    symlink("real", &link).unwrap();
    write(&link, &Attributes::default(), "one").unwrap();
    write(&link, &Attributes::default(), "two").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(dir.path().join("real")).unwrap(), "two");
}

#[test]
fn circular_links_are_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("link");
    symlink("link", &link).unwrap();
    assert!(write(&link, &Attributes::default(), "x").is_err());
}

#[test]
fn hard_links_stay_one_file() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    fs::write(&a, "a longer text").unwrap();
    fs::hard_link(&a, &b).unwrap();
    assert!(write(&a, &Attributes::default(), "new").unwrap());
    assert_eq!(fs::read_to_string(&b).unwrap(), "new");
}

#[test]
fn user_attributes_are_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    fs::write(&path, "old").unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    if rustix::fs::setxattr(&path, "user.note", b"mine", flags).is_err() {
        // This file system has none.
        return;
    }
    write(&path, &Attributes::default(), "new").unwrap();
    let mut value = [0; 16];
    let length = rustix::fs::getxattr(&path, "user.note", &mut value).unwrap();
    assert_eq!(&value[..length], b"mine");
}

#[test]
fn a_missing_directory_is_an_error_that_names_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("missing/a");
    let error = write(&path, &Attributes::default(), "x").unwrap_err();
    assert!(error.to_string().contains("missing/a"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_alone_is_committed_at_once() {
    use crate::atomic_write::AtomicWriter;

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    fs::write(&path, "old").unwrap();
    let writer = AtomicWriter::default();
    for content in ["first", "second"] {
        let staged = Staged::write(Slot::unlimited(), &path, &Attributes::default(), |file| {
            file.write_all(content.as_bytes())
                .map_err(ResourceError::path("write", &path))
        });
        assert!(writer.commit_or_join(staged.unwrap()).unwrap().is_none());
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn many_files_are_placed_and_then_replaced_together() {
    use crate::atomic_write::AtomicWriter;

    let dir = tempfile::tempdir().unwrap();
    let writer = AtomicWriter::default();
    for round in 0..2 {
        let writes = (0..1000).map(|i| {
            let (writer, path) = (writer.clone(), dir.path().join(i.to_string()));
            async move {
                let slot = writer.reserve().await?;
                let staged = Staged::write(slot, &path, &Attributes::default(), |_| Ok(()))?;
                match writer.place(staged)? {
                    None => Ok(round == 0),
                    Some(staged) if i % 2 == 0 => writer.commit(staged).await.map(|()| round == 1),
                    Some(staged) => {
                        if let Some(committing) = writer.commit_or_join(staged)? {
                            committing.done().await?;
                        }
                        Ok(round == 1)
                    }
                }
            }
        });
        for result in futures::future::join_all(writes).await {
            let expected: Result<bool, ResourceError> = result;
            assert!(expected.unwrap());
        }
        assert_eq!(names(dir.path()).len(), 1000);
    }
}

#[test]
fn what_is_overwritten_gets_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (dir.path().join("a"), dir.path().join("b"));
    fs::write(&a, "old").unwrap();
    fs::hard_link(&a, &b).unwrap();
    let attributes = Attributes {
        mode: Some(Mode::parse("0750").unwrap()),
        ..Attributes::default()
    };
    assert!(write(&a, &attributes, "new").unwrap());
    assert_eq!(mode(&b), 0o750);
}

#[test]
fn a_new_owner_does_not_inherit_the_right_to_lend_an_identity() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a");
    fs::write(&path, "old").unwrap();
    let existing = fs::metadata(&path).unwrap();
    let of = |uid: u32, mode: Option<&str>| Attributes {
        uid: Some(uid),
        mode: mode.map(|mode| Mode::parse(mode).unwrap()),
        ..Attributes::default()
    };
    fs::set_permissions(&path, Permissions::from_mode(0o6755)).unwrap();
    let existing_mode =
        |attributes: &Attributes| kept_mode(&fs::metadata(&path).unwrap(), attributes);
    assert_eq!(existing_mode(&of(existing.uid(), None)), 0o6755);
    assert_eq!(existing_mode(&of(existing.uid() + 1, None)), 0o755);
    // Who asks for the bits gets them.
    let mode = of(existing.uid() + 1, Some("u=rwxs")).mode.unwrap();
    assert_eq!(mode.resolve(0o755), 0o4755);
}

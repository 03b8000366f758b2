//! Overwriting files on disks that are full or refuse otherwise.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};

use super::*;
use crate::atomic_write::{Attributes, Slot, Staged, commit_all};
use crate::namespaces;

/// Far more than the disks of these tests have.
const MUCH: usize = 8 * 1024 * 1024;

fn write(path: &Path, content: &[u8]) -> Result<(), ResourceError> {
    let staged = Staged::write(Slot::unlimited(), path, &Attributes::default(), |file| {
        file.write_all(content)
            .map_err(ResourceError::path("write", path))
    })?;
    assert!(staged.is_in_place());
    commit_all(vec![staged]).pop().unwrap()
}

fn mount(arguments: &[&str], at: &Path) {
    let status = Command::new("mount").args(arguments).arg(at).status();
    assert!(status.unwrap().success());
}

/// Leaves no room on a disk.
fn fill_up(disk: &Path) {
    let mut ballast = File::create(disk.join("ballast")).unwrap();
    let error = io::copy(&mut io::repeat(1), &mut ballast).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}

fn inside(test: &str) {
    let test = format!("{}::{test}", module_path!());
    namespaces::run_test(&["--user", "--map-root-user", "--mount"], "", &test);
}

#[test]
fn a_full_disk_leaves_a_file_with_other_names_whole() {
    inside("inside_with_a_full_disk");
}

#[test]
#[ignore = "another test runs it"]
fn inside_with_a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    mount(&["-t", "tmpfs", "-o", "size=1m", "none"], dir.path());
    let (path, other) = (dir.path().join("a"), dir.path().join("b"));
    let former = "precious\n".repeat(1000);
    fs::write(&path, &former).unwrap();
    fs::hard_link(&path, &other).unwrap();
    // There is no room for all of it, and then for nothing at all.
    for content in [&vec![b'x'; MUCH][..], b"short"] {
        let error = write(&path, content).unwrap_err().to_string();
        assert!(error.contains("No space left"), "{error}");
        assert_eq!(fs::read_to_string(&other).unwrap(), former);
        fill_up(dir.path());
    }
    fs::remove_file(dir.path().join("ballast")).unwrap();
    write(&path, b"short").unwrap();
    assert_eq!(fs::read_to_string(&other).unwrap(), "short");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
}

#[test]
fn a_full_disk_leaves_a_file_that_is_mounted_whole() {
    inside("inside_with_a_file_of_a_full_disk");
}

#[test]
#[ignore = "another test runs it"]
fn inside_with_a_file_of_a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    let (disk, path) = (dir.path().join("disk"), dir.path().join("a"));
    fs::create_dir(&disk).unwrap();
    mount(&["-t", "tmpfs", "-o", "size=1m", "none"], &disk);
    let former = "precious\n".repeat(1000);
    fs::write(disk.join("a"), &former).unwrap();
    fs::write(&path, "").unwrap();
    mount(&["--bind", disk.join("a").to_str().unwrap()], &path);
    for _ in 0..2 {
        let error = write(&path, &vec![b'x'; MUCH]).unwrap_err().to_string();
        assert!(error.contains("No space left"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), former);
        fill_up(&disk);
    }
    // What is not longer has the room that it needs.
    let shorter = former.replace("precious", "another");
    write(&path, shorter.as_bytes()).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), shorter);
}

/// A file that refuses something, and what is to be its new content.
fn sealed(dir: &Path, former: &str, seals: SealFlags) -> (PathBuf, InPlace) {
    let flags = MemfdFlags::ALLOW_SEALING | MemfdFlags::CLOEXEC;
    let mut file = File::from(memfd_create("former", flags).unwrap());
    file.write_all(former.as_bytes()).unwrap();
    fcntl_add_seals(&file, seals).unwrap();
    let target = dir.join("target");
    let mut content = aside(&target).unwrap();
    content.file_mut().write_all(b"new").unwrap();
    let in_place = InPlace {
        file,
        content,
        mode: None,
    };
    (target, in_place)
}

fn read(mut file: &File) -> String {
    file.rewind().unwrap();
    io::read_to_string(file).unwrap()
}

#[test]
fn what_fails_half_way_is_undone() {
    let dir = tempfile::tempdir().unwrap();
    // It can be written to, but not cut.
    let (target, in_place) = sealed(dir.path(), "the former content", SealFlags::SHRINK);
    let file = in_place.file.try_clone().unwrap();
    let error = in_place.overwrite(&target).unwrap_err().to_string();
    assert!(error.contains("can't overwrite"), "{error}");
    assert!(!error.contains("former"), "{error}");
    assert_eq!(read(&file), "the former content");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn what_can_not_be_undone_is_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let (target, in_place) = sealed(dir.path(), "the former content", SealFlags::WRITE);
    let error = in_place.overwrite(&target).unwrap_err().to_string();
    let (_, kept) = error.split_once("; its former content is in `").unwrap();
    let kept = Path::new(kept.trim_end_matches('`'));
    assert_eq!(kept.parent(), Some(dir.path()));
    assert_eq!(fs::read_to_string(kept).unwrap(), "the former content");
    assert_eq!(fs::metadata(kept).unwrap().mode() & MODE_BITS, 0o600);
}

#[test]
fn what_is_no_file_is_not_overwritten() {
    let error = InPlace::stage(Path::new("/dev/null"), None, &mut |_| Ok(())).unwrap_err();
    assert!(error.to_string().contains("/dev/null"), "{error}");
}

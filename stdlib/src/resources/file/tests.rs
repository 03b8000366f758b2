//! Schema, defaults and validation of `file`.

use super::*;
use crate::resource::Declare;
use crate::value::Value;

fn file(change: impl FnOnce(&mut File)) -> File {
    let mut file = File::default();
    change(&mut file);
    file
}

fn refused(name: &str, change: impl FnOnce(&mut File)) -> String {
    file(change)
        .validate_all(name, &Meta::default())
        .expect_err("is refused")
        .to_string()
}

fn exists(file: &mut File) {
    file.state = "exists".to_owned();
}

#[test]
fn the_schema_tells_undefined_from_empty() {
    let def = File::declare();
    assert!(def.traits.receives && def.traits.edgeable && def.traits.reversible);
    assert!(!def.traits.refreshable);
    let mut file = File::default();
    assert_eq!(file.get("content"), None);
    file.set("content", &Value::from("")).unwrap();
    assert_eq!(file.get("content"), Some(Value::from("")));
    assert!(!file.is_zero("content"));
}

#[test]
fn the_path_is_put_together() {
    let path = |path: &str, dirname: &str, basename: &str| {
        file(|file| {
            file.dirname = dirname.to_owned();
            file.basename = basename.to_owned();
        })
        .resultant_path(path)
    };
    assert_eq!(path("/a//b", "", ""), "/a//b");
    assert_eq!(path("/a/b/", "/x/", ""), "/x/b/");
    assert_eq!(path("/a/b", "", "c/"), "/a/c/");
    assert_eq!(path("/a/b", "/x/", "c"), "/x/c");
    assert_eq!(
        file(|file| file.path = "/p".to_owned()).resultant_path("/n"),
        "/p"
    );
}

#[test]
fn paths_are_checked() {
    assert_eq!(refused("", |_| ()), "`path` must not be empty");
    assert_eq!(
        refused("a", |_| ()),
        "`path` must be absolute: `a` does not begin with `/`"
    );
    assert_eq!(
        refused("/a", |file| file.dirname = "/x".to_owned()),
        "`dirname` must end in `/`"
    );
    assert_eq!(
        refused("/a", |file| file.basename = "/x".to_owned()),
        "`basename` must not begin with `/`"
    );
    assert_eq!(refused("/a\0", |_| ()), "`path` contains a NUL byte");
}

#[test]
fn states_are_two() {
    assert_eq!(
        refused("/a", |file| file.state = "present".to_owned()),
        "`state` must be `exists` or `absent`, not `present`"
    );
}

#[test]
fn content_has_one_origin() {
    let change = |file: &mut File| {
        file.content = Some(Str::default());
        file.source = "/b".to_owned();
    };
    assert_eq!(
        refused("/a", change),
        "`content` and `source` exclude each other: the content has one origin"
    );
}

#[test]
fn what_is_absent_has_no_content() {
    let absent = |file: &mut File| file.state = "absent".to_owned();
    let change = |file: &mut File| {
        absent(file);
        file.content = Some(Str::default());
    };
    assert_eq!(
        refused("/a", change),
        "`content` can not be given for a file that is to be `absent`"
    );
    let change = |file: &mut File| {
        absent(file);
        file.selinux = Some(String::new());
    };
    assert!(refused("/a", change).starts_with("`selinux` can not"));
    let owned = file(|file| {
        absent(file);
        file.owner = "root".to_owned();
        file.mode = "644".to_owned();
    });
    assert_eq!(owned.validate_all("/a", &Meta::default()), Ok(()));
}

#[test]
fn directories_copy_from_directories() {
    let source = |source: &str| {
        let source = source.to_owned();
        move |file: &mut File| {
            exists(file);
            file.source = source;
        }
    };
    assert!(refused("/a/", source("/b")).contains("`/a/` ends in `/`, `/b` does not"));
    assert!(refused("/a", source("/b/")).contains("`/b/` ends in `/`, `/a` does not"));
    assert_eq!(
        refused("/a/", source("/b/")),
        "`source` is a directory, which needs `recurse`"
    );
    assert_eq!(
        refused("/a", source("b")),
        "`source` must be absolute: `b` does not begin with `/`"
    );
    let recurse = |file: &mut File| {
        source("/b")(file);
        file.recurse = true;
    };
    assert!(refused("/a", recurse).starts_with("`recurse` can not be given"));
    assert_eq!(
        file(source("/b")).validate_all("/a", &Meta::default()),
        Ok(())
    );
}

#[test]
fn directories_have_no_content() {
    assert!(
        refused("/a/", |file| file.content = Some(Str::default()))
            .starts_with("`content` can not be given for a directory")
    );
}

#[test]
fn purge_needs_a_directory_and_recurse() {
    assert_eq!(
        refused("/a/", |file| file.purge = true),
        "`purge` needs `recurse`"
    );
    let purge = |file: &mut File| {
        file.purge = true;
        file.recurse = true;
    };
    assert_eq!(
        refused("/a", purge),
        "`purge` needs a directory: `/a` does not end in `/`"
    );
    assert_eq!(file(purge).validate_all("/a/", &Meta::default()), Ok(()));
}

#[test]
fn fragments_do_not_hold_the_file() {
    let fragments = |path: &str| {
        let path = path.to_owned();
        move |file: &mut File| file.fragments = vec![path]
    };
    assert!(refused("/a/b", fragments("a")).starts_with("`fragments` must be absolute"));
    assert!(refused("/a/b", fragments("/a/b")).contains("feed the file to itself"));
    assert!(refused("/a/b", fragments("/a/")).contains("feed the file to itself"));
    assert_eq!(
        file(fragments("/a/bc")).validate_all("/a/b", &Meta::default()),
        Ok(())
    );
}

#[test]
fn modes_are_parsed() {
    assert_eq!(
        refused("/a", |file| file.mode = "u+x".to_owned()),
        "`mode` changes bits with `+`, which has no end state: write `=` with all wanted bits"
    );
}

#[test]
fn links_have_a_text_and_nothing_else() {
    let link = |file: &mut File| {
        exists(file);
        file.symlink = true;
    };
    assert_eq!(
        refused("/a", link),
        "`symlink` needs a `source` to point to"
    );
    let relative = file(|file| {
        link(file);
        file.source = "../b".to_owned();
    });
    assert_eq!(relative.validate_all("/a", &Meta::default()), Ok(()));
    let recursive = |file: &mut File| {
        file.symlink = true;
        file.recurse = true;
    };
    assert_eq!(
        refused("/a", recursive),
        "`symlink` can not be given together with `recurse`"
    );
}

#[test]
fn differences_name_what_the_user_sees() {
    let content = |text: &str| file(|file| file.content = Some(Str::from(text)));
    assert_eq!(content("a").differs(&content("a")), None);
    assert_eq!(
        content("a").differs(&content("b")).as_deref(),
        Some("the contents of Content differ")
    );
    assert_eq!(
        content("a").differs(&File::default()).as_deref(),
        Some("the Content differs")
    );
    let at = |path: &str, basename: &str| {
        file(|file| {
            file.path = path.to_owned();
            file.basename = basename.to_owned();
        })
    };
    assert_eq!(at("/a/b", "").differs(&at("/a/c", "b")), None);
    assert_eq!(
        at("/a/b", "").differs(&at("/a/c", "")).as_deref(),
        Some("the Path differs")
    );
    let octal = file(|file| file.mode = "0644".to_owned());
    let symbolic = file(|file| file.mode = "u=rw,go=r".to_owned());
    assert_eq!(
        octal.differs(&symbolic).as_deref(),
        Some("the Mode differs")
    );
}

//! What is done for which account; on real accounts it is done in `tests/host`.

use super::*;
use crate::resource::harness::Scratch;

fn wanted(change: impl FnOnce(&mut declared::User)) -> declared::User {
    let mut params = declared::User {
        state: "exists".to_owned(),
        ..declared::User::default()
    };
    change(&mut params);
    params
}

/// Everything is given.
fn everything(params: &mut declared::User) {
    params.uid = Some(7);
    params.group = Some("main".to_owned());
    params.groups = Some(vec!["b".to_owned(), "a".to_owned()]);
    params.homedir = Some("/srv//u/".to_owned());
    params.shell = Some("/bin/sh".to_owned());
    params.allowduplicateuid = true;
}

/// An account that is as [`everything`] wants it.
fn present() -> Account {
    Account {
        uid: 7,
        gid: 70,
        group: Some("main".to_owned()),
        groups: vec!["a".to_owned(), "b".to_owned()],
        homedir: "/srv/u".to_owned(),
        shell: "/bin/sh".to_owned(),
    }
}

fn planned(params: &declared::User, present: Option<&Account>) -> Option<String> {
    plan("u", params, present, false)
        .map(|change| format!("{} {}", change.program, change.args.join(" ")))
}

#[test]
fn an_account_is_made_with_all_that_is_given() {
    assert_eq!(
        planned(&wanted(everything), None).as_deref(),
        Some(
            "useradd --non-unique --uid 7 --gid main --groups b,a --home-dir /srv/u --shell /bin/sh -- u"
        )
    );
    assert_eq!(
        planned(&wanted(|params| params.allowduplicateuid = true), None).as_deref(),
        Some("useradd -- u")
    );
}

#[test]
fn an_account_joins_the_group_of_its_name() {
    let change = plan("u", &wanted(|_| ()), None, true).unwrap();
    assert_eq!(change.args, ["--gid", "u", "--", "u"]);
    let change = plan("u", &wanted(|params| params.gid = Some(9)), None, true).unwrap();
    assert_eq!(change.args, ["--gid", "9", "--", "u"]);
}

#[test]
fn only_what_differs_is_changed() {
    let params = wanted(everything);
    assert_eq!(planned(&params, Some(&present())), None);
    let change = |change: fn(&mut Account)| {
        let mut account = present();
        change(&mut account);
        planned(&params, Some(&account)).unwrap()
    };
    assert_eq!(
        change(|account| account.uid = 8),
        "usermod --non-unique --uid 7 -- u"
    );
    assert_eq!(
        change(|account| account.groups.push("c".to_owned())),
        "usermod --groups b,a -- u"
    );
    assert_eq!(
        change(|account| account.homedir = "/".to_owned()),
        "usermod --home /srv/u -- u"
    );
    assert_eq!(
        change(|account| account.group = None),
        "usermod --gid main -- u"
    );
    assert_eq!(planned(&wanted(|_| ()), Some(&present())), None);
}

#[test]
fn groups_are_a_set_and_the_main_group_may_be_among_them() {
    let groups = |names: &[&str]| {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        wanted(|params| params.groups = Some(names))
    };
    let settled = |names: &[&str]| planned(&groups(names), Some(&present())).is_none();
    assert!(settled(&["b", "a", "b"]));
    assert!(settled(&["a", "main", "b"]));
    assert!(!settled(&["a", "main"]));
    assert!(!settled(&["a", "b", "c"]));
    let moves = wanted(|params| {
        params.group = Some("other".to_owned());
        params.groups = Some(["a", "b", "main"].map(str::to_owned).to_vec());
    });
    assert_eq!(
        planned(&moves, Some(&present())).as_deref(),
        Some("usermod --gid other --groups a,b,main -- u")
    );
}

#[test]
fn a_plan_tells_what_is_other_than_before() {
    let other = wanted(|params| {
        params.uid = Some(4242);
        params.shell = Some("/bin/zsh".to_owned());
    });
    let there = present();
    let change = plan("u", &other, Some(&there), false).unwrap();
    let told: Vec<String> = differences(&change, Some(&there))
        .iter()
        .map(ToString::to_string)
        .collect();
    let uid = format!("uid: {} -> 4242", there.uid);
    let shell = format!("shell: {} -> /bin/zsh", there.shell);
    assert_eq!(told, [uid, shell]);
    let change = plan("u", &other, None, false).unwrap();
    assert_eq!(differences(&change, None), []);
}

#[test]
fn no_groups_are_not_unmanaged_groups() {
    let none = wanted(|params| params.groups = Some(Vec::new()));
    let change = plan("u", &none, Some(&present()), false).unwrap();
    assert_eq!(change.args, ["--groups", "", "--", "u"]);
}

#[test]
fn an_account_goes_once() {
    let params = wanted(|params| params.state = "absent".to_owned());
    assert_eq!(
        planned(&params, Some(&present())).as_deref(),
        Some("userdel -- u")
    );
    assert_eq!(planned(&params, None), None);
}

#[tokio::test]
async fn the_present_is_looked_up() {
    let scratch = Scratch::new();
    let root = wanted(|params| {
        params.uid = Some(0);
        params.group = Some("root".to_owned());
        params.homedir = Some("/root/".to_owned());
    });
    scratch
        .resource::<User>("root", root.clone())
        .is_settled()
        .await;
    let other = scratch.resource::<User>("mgmt-test-none", root);
    let error = other.noop().await.unwrap_err().to_string();
    assert!(
        error.starts_with("the uid 0 belongs to the account `root`"),
        "{error}"
    );
}

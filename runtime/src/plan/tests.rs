//! A plan and the run that follows agree.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use mgmt_stdlib::resources::{exec, file, noop, password, print};
use mgmt_stdlib::value::Str;
use proptest::prelude::*;
use tokio::sync::broadcast::error::RecvError;

use super::*;
use crate::engine::EngineEvent;
use crate::resource::{Outcome, Services};
use crate::resources::registry;

/// One resource of a random program. Each has a subject of its own.
#[derive(Clone, Debug)]
enum Subject {
    /// A file, which is there with a content and a mode, or is not; and what it should be.
    File(Option<(u8, u32)>, Option<(u8, Option<u32>)>),
    /// A directory, and whether it is there.
    Directory(bool),
    /// A command that creates a file, and whether that is there.
    Creates(bool),
    /// A command that only reacts.
    Reacts,
    /// A command that its guard lets run, or not.
    Guarded(bool),
    /// A message.
    Print,
    Password,
    Noop,
}

#[derive(Clone, Debug)]
struct Sample {
    subjects: Vec<(Subject, bool)>,
    /// From an earlier one to a later one, and whether it notifies.
    edges: Vec<(prop::sample::Index, prop::sample::Index, bool)>,
}

fn subject() -> impl Strategy<Value = Subject> {
    let mode = || prop::sample::select(vec![0o600, 0o644, 0o755]);
    prop_oneof![
        4 => (
            prop::option::of((0..3u8, mode())),
            prop::option::weighted(0.8, (0..3u8, prop::option::of(mode()))),
        ).prop_map(|(there, wanted)| Subject::File(there, wanted)),
        1 => any::<bool>().prop_map(Subject::Directory),
        1 => any::<bool>().prop_map(Subject::Creates),
        2 => Just(Subject::Reacts),
        1 => any::<bool>().prop_map(Subject::Guarded),
        1 => Just(Subject::Print),
        1 => Just(Subject::Password),
        1 => Just(Subject::Noop),
    ]
}

fn sample() -> impl Strategy<Value = Sample> {
    let edge = (
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        any::<bool>(),
    );
    (
        prop::collection::vec((subject(), prop::bool::weighted(0.1)), 1..9),
        prop::collection::vec(edge, 0..9),
    )
        .prop_map(|(subjects, edges)| Sample { subjects, edges })
}

fn content(number: u8) -> String {
    "line\n".repeat(number.into())
}

/// Makes the machine as the sample says, and gives the resource.
fn resource(directory: &Path, number: usize, subject: &Subject) -> Resource {
    let path = directory.join(format!("s{number}"));
    let text = path.display().to_string();
    let command = |cmd: String| exec::Exec {
        cmd,
        ..exec::Exec::default()
    };
    match subject {
        Subject::File(there, wanted) => {
            if let Some((number, mode)) = there {
                fs::write(&path, content(*number)).unwrap();
                fs::set_permissions(&path, Permissions::from_mode(*mode)).unwrap();
            }
            let params = match wanted {
                Some((number, mode)) => file::File {
                    state: "exists".to_owned(),
                    content: Some(Str::from(content(*number).as_str())),
                    mode: mode.map_or_else(String::new, |mode| format!("{mode:04o}")),
                    ..file::File::default()
                },
                None => file::File {
                    state: "absent".to_owned(),
                    ..file::File::default()
                },
            };
            Resource::new(text, params)
        }
        Subject::Directory(there) => {
            if *there {
                fs::create_dir(&path).unwrap();
            }
            let params = file::File {
                state: "exists".to_owned(),
                ..file::File::default()
            };
            Resource::new(format!("{text}/"), params)
        }
        Subject::Creates(there) => {
            if *there {
                fs::write(&path, "").unwrap();
            }
            let params = exec::Exec {
                creates: text.clone(),
                ..command(format!("/usr/bin/touch {text}"))
            };
            Resource::new(text, params)
        }
        Subject::Reacts => {
            let params = exec::Exec {
                refresh_only: true,
                ..command("/bin/true".to_owned())
            };
            Resource::new(text, params)
        }
        Subject::Guarded(runs) => {
            let guard = if *runs {
                "/usr/bin/test ! -e"
            } else {
                "/usr/bin/test -e"
            };
            let params = exec::Exec {
                ifcmd: format!("{guard} {text}"),
                ..command(format!("/usr/bin/touch {text}"))
            };
            Resource::new(text, params)
        }
        Subject::Print => Resource::new(text, print::Print::default()),
        Subject::Password => Resource::new(text, password::Password::default()),
        Subject::Noop => Resource::new(text, noop::Noop::default()),
    }
}

fn graph(directory: &Path, sample: &Sample) -> ResourceGraph {
    let mut graph = ResourceGraph::default();
    let numbered = sample.subjects.iter().enumerate();
    let nodes: Vec<_> = numbered
        .map(|(number, (subject, noop))| {
            let mut resource = resource(directory, number, subject);
            resource.meta.noop = *noop;
            graph.add(Arc::new(resource))
        })
        .collect();
    for (from, to, notify) in &sample.edges {
        let (from, to) = (from.index(nodes.len()), to.index(nodes.len()));
        let (from, to) = (from.min(to), from.max(to));
        // Each run says its messages anew, and would notify each time.
        let says = matches!(sample.subjects[from].0, Subject::Print);
        if from != to {
            graph.connect(nodes[from], nodes[to], *notify && !says);
        }
    }
    graph
}

fn config(directory: &Path) -> EngineConfig {
    let services = Services::new("h1", "mgmt", directory.join("state"));
    EngineConfig {
        autogroup: false,
        ..EngineConfig::new(registry(), services)
    }
}

/// Applies the graph until nothing is left to do, and gives what was changed.
async fn apply(graph: &ResourceGraph, directory: &Path) -> BTreeSet<Identity> {
    let engine = Engine::new(config(directory));
    let mut events = engine.events();
    let report = engine.submit(graph.clone(), SubmitOptions::default()).await;
    let generation = report.unwrap().generation;
    let mut status = engine.status();
    let settled =
        status.wait_for(|now| now.generation == generation && now.settled == now.vertices);
    settled.await.unwrap();
    engine.shutdown(false).await.unwrap();
    drop(engine);
    let mut changed = BTreeSet::new();
    loop {
        match events.recv().await {
            Ok(EngineEvent::Checked {
                identity,
                apply: true,
                outcome: Some(Outcome::Changed),
                ..
            }) => {
                changed.insert(identity);
            }
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => panic!("{missed} events were missed"),
            Err(RecvError::Closed) => return changed,
        }
    }
}

/// Messages change nothing on the machine.
fn but_messages(identities: BTreeSet<Identity>) -> BTreeSet<Identity> {
    identities
        .into_iter()
        .filter(|identity| identity.kind != "print")
        .collect()
}

fn planned(plan: &Plan) -> BTreeSet<Identity> {
    let resources = plan.resources.iter();
    let changing = resources.filter(|planned| planned.verdict == Verdict::Change);
    changing.map(|planned| planned.identity.clone()).collect()
}

/// Those that may change, or not.
fn unknown(plan: &Plan) -> BTreeSet<Identity> {
    let resources = plan.resources.iter();
    let unknown = resources.filter(|planned| matches!(planned.verdict, Verdict::Unknown { .. }));
    unknown.map(|planned| planned.identity.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn what_a_plan_says_is_what_a_run_does(sample in sample()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let graph = graph(directory.path(), &sample);
        runtime.block_on(async {
            let before = plan(&graph, config(directory.path())).await.unwrap();
            prop_assert_eq!(before.failed(), 0);
            let again = plan(&graph, config(directory.path())).await.unwrap();
            prop_assert_eq!(planned(&before), planned(&again), "a plan changes nothing");
            let changed = apply(&graph, directory.path()).await;
            let (certain, possible) = (but_messages(planned(&before)), unknown(&before));
            let changed = but_messages(changed);
            prop_assert!(certain.is_subset(&changed), "{:?}", before);
            let unforeseen: BTreeSet<_> = changed.difference(&certain).cloned().collect();
            prop_assert!(unforeseen.is_subset(&possible), "{:?}", before);
            let after = plan(&graph, config(directory.path())).await.unwrap();
            prop_assert_eq!(after.pending(), 0, "{:?}", after);
            Ok(())
        })?;
    }
}

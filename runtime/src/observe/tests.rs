//! A real engine with real files, and what an observer tells of it.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mgmt_compiler::files::{Source, Sources};
use mgmt_compiler::graph::{Identity, Resource, ResourceGraph};
use mgmt_grammar::span::Span;
use mgmt_stdlib::catalog::Catalog;
use mgmt_stdlib::resources::{exec, file, noop, print};
use mgmt_stdlib::value::Str;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use super::feed::Cursor;
use super::{About, Observer, View};
use crate::engine::{Engine, EngineConfig, SubmitOptions};
use crate::frontend::SourcedGraph;
use crate::resource::Services;
use crate::resources::registry;

struct Run {
    directory: TempDir,
    engine: Arc<Engine>,
    observer: Observer,
}

impl Run {
    fn start(noop: bool) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let services = Services::new("h1", "mgmt", directory.path().join("state"));
        let engine = Arc::new(Engine::new(EngineConfig {
            observed: true,
            explain: true,
            noop,
            ..EngineConfig::new(registry(), services)
        }));
        let about = About {
            hostname: "h1".into(),
            version: "1".into(),
            program: "site.mcl".into(),
            noop,
        };
        let catalog = Arc::new(Catalog::standard().unwrap());
        Self {
            observer: Observer::start(engine.clone(), registry(), catalog, about),
            engine,
            directory,
        }
    }

    fn view(&self) -> &View {
        self.observer.view()
    }

    fn file(&self, name: &str, content: &str, mode: &str) -> Resource {
        let params = file::File {
            state: "exists".to_owned(),
            content: Some(Str::from(content)),
            mode: mode.to_owned(),
            ..file::File::default()
        };
        let path = self.directory.path().join(name);
        Resource::new(path.display().to_string(), params)
    }

    async fn submit(&self, graph: ResourceGraph, sources: Sources) {
        let graph = Arc::new(graph);
        let copy = ResourceGraph::clone(&graph);
        let options = SubmitOptions::default();
        self.engine.submit(copy, options).await.unwrap();
        let sources = Arc::new(sources);
        self.observer.declared(SourcedGraph {
            graph,
            sources,
            ..SourcedGraph::default()
        });
    }

    /// Waits until the graph, as JSON, is as wanted.
    async fn wait_for(&self, wanted: impl Fn(&Json) -> bool) -> Json {
        let mut view = self.view().clone();
        let wait = async {
            loop {
                let cursor = view.cursor();
                let graph = serde_json::to_value(view.graph()).unwrap();
                if wanted(&graph) {
                    return graph;
                }
                assert!(view.wait(cursor).await, "the observer has ended");
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
        waited.unwrap_or_else(|_| {
            let last = serde_json::to_string(&self.view().graph());
            panic!("it never came to be, but {last:?}")
        })
    }

    /// What is told about graphs after `cursor`, once a graph is as wanted.
    async fn deltas(&self, mut cursor: Cursor, wanted: impl Fn(&Json) -> bool) -> Vec<Json> {
        self.wait_for(wanted).await;
        let mut deltas = Vec::new();
        loop {
            let news = self.view().news(cursor).unwrap();
            let Some(last) = news.last() else {
                return deltas;
            };
            cursor = last.cursor;
            let graphs = news.iter().filter(|piece| piece.event == "graph");
            deltas.extend(graphs.map(|piece| serde_json::from_str::<Json>(&piece.data).unwrap()));
        }
    }

    fn details(&self, identity: &Identity) -> Json {
        serde_json::to_value(self.view().details(identity).unwrap()).unwrap()
    }
}

/// How the resource with that name is.
fn state<'a>(graph: &'a Json, name: &Path) -> &'a Json {
    let resources = graph["resources"].as_array().unwrap();
    let found = resources
        .iter()
        .find(|each| each["name"].as_str() == name.to_str());
    found.map_or(&Json::Null, |each| &each["state"])
}

fn all_ok(graph: &Json) -> bool {
    graph["status"]["states"] == json!({"ok": graph["status"]["resources"]})
        && graph["resources"][0]["place"] != Json::Null
}

fn placed(resource: Resource, start: u32) -> Arc<Resource> {
    let source = mgmt_grammar::span::SourceId(0);
    let span = Some(Span::new(source, start, start + 1));
    Arc::new(Resource { span, ..resource })
}

fn program(text: &str) -> Sources {
    let mut sources = Sources::default();
    sources.add(Source::new("site.mcl", None, text.into()));
    sources
}

#[tokio::test]
async fn a_change_is_seen_with_its_place_its_difference_and_whom_it_notifies() {
    let run = Run::start(false);
    let (path, told) = (
        run.directory.path().join("motd"),
        Identity::new("noop", "told"),
    );
    let graph = |content: &str, line: u32| {
        let mut graph = ResourceGraph::default();
        let motd = graph.add(placed(run.file("motd", content, "0644"), line));
        let noop = noop::Noop::default();
        let noop = graph.add(placed(Resource::new("told", noop), 0));
        graph.connect(motd, noop, true);
        graph
    };
    run.submit(graph("a\n", 0), program("x\ny\n")).await;
    let seen = run.wait_for(all_ok).await;
    assert_eq!(
        seen["edges"],
        json!([{
            "from": seen["resources"][0]["id"], "to": seen["resources"][1]["id"],
            "kind": "declared", "notify": true,
        }])
    );
    assert_eq!(
        seen["resources"][0]["place"],
        json!({"file": "site.mcl", "line": 1, "column": 1})
    );
    // What runs on has a new place; what is replaced keeps its history.
    run.submit(graph("b\n", 2), program("x\ny\n")).await;
    run.wait_for(|graph| all_ok(graph) && graph["resources"][1]["place"]["line"] == 2)
        .await;
    let motd = Identity::new("file", path.display().to_string());
    let details = run.details(&motd);
    assert_eq!(details["params"]["content"], json!({"value": "b\n"}));
    let changed: Vec<&Json> = details["history"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pass| pass["result"] == "changed")
        .collect();
    assert_eq!(changed[0]["changes"][0]["diff"], "@@ -1 +1 @@\n-a\n+b\n");
    assert_eq!(changed[1]["changes"][0]["created"], true);
    let log = run.view().log();
    let texts: Vec<&str> = log.iter().map(|entry| &*entry.text).collect();
    assert!(texts.contains(&"notifies noop[told]"), "{texts:?}");
    assert!(
        texts.contains(&format!("reacted to {motd}").as_str()),
        "{texts:?}"
    );
    assert!(run.view().details(&told).is_some());
    assert!(run.view().details(&Identity::new("noop", "x")).is_none());
}

#[tokio::test]
async fn what_fails_and_what_waits_for_it_is_seen() {
    let run = Run::start(false);
    let blocked = run.directory.path().join("blocked");
    let mut graph = ResourceGraph::default();
    let failing = exec::Exec {
        cmd: "exit 3".to_owned(),
        shell: "/bin/sh".to_owned(),
        ..exec::Exec::default()
    };
    let failing = graph.add(placed(Resource::new("failing", failing), 0));
    let waiting = graph.add(placed(run.file("blocked", "", ""), 0));
    graph.connect(failing, waiting, false);
    run.submit(graph, program("x\n")).await;
    let graph = run
        .wait_for(|graph| *state(graph, &blocked) == json!("blocked"))
        .await;
    assert_eq!(state(&graph, Path::new("failing")), "failed");
    let status = run.view().status();
    assert_eq!(&*status.problems[0].name, "failing");
    let error = status.problems[0].error.clone().unwrap();
    assert!(error.contains('3'), "{error}");
    let details = run.details(&Identity::new("exec", "failing"));
    assert_eq!(details["history"][0]["error"], *error);
    assert!(!blocked.exists());
}

#[tokio::test]
async fn in_noop_mode_differences_stay() {
    let run = Run::start(true);
    let path = run.directory.path().join("motd");
    fs::write(&path, "old\n").unwrap();
    let mut graph = ResourceGraph::default();
    graph.add(placed(run.file("motd", "new\n", "0644"), 0));
    run.submit(graph, program("x\n")).await;
    let graph = run
        .wait_for(|graph| *state(graph, &path) == json!("differs"))
        .await;
    assert_eq!(graph["status"]["noop"], true);
    assert_eq!(fs::read_to_string(&path).unwrap(), "old\n");
}

#[tokio::test]
async fn nobody_is_shown_what_is_not_for_everybody() {
    let run = Run::start(false);
    let mut graph = ResourceGraph::default();
    for (name, mode) in [("closed", "0600"), ("unsaid", "")] {
        graph.add(placed(run.file(name, "hunter2\n", mode), 0));
    }
    let with_env = exec::Exec {
        cmd: "/bin/true".to_owned(),
        env: [("TOKEN".to_owned(), "hunter2".to_owned())].into(),
        creates: run.directory.path().join("closed").display().to_string(),
        ..exec::Exec::default()
    };
    graph.add(placed(Resource::new("with-env", with_env), 0));
    run.submit(graph, program("x\n")).await;
    let seen = run.wait_for(all_ok).await;
    let resources = seen["resources"].as_array().unwrap();
    assert_eq!(resources.len(), 3);
    let mut told = seen.to_string();
    for each in resources {
        let name = |key: &str| each[key].as_str().unwrap().to_owned();
        let details = run.details(&Identity::new(name("kind"), name("name")));
        if each["name"] != run.directory.path().join("unsaid").to_str().unwrap() {
            told += &details.to_string();
        } else {
            assert_eq!(details["params"]["content"], json!({"private": true}));
        }
    }
    let start = Cursor {
        number: 0,
        ..run.view().cursor()
    };
    for news in run.view().news(start).unwrap() {
        told += &news.data;
    }
    assert!(!told.contains("hunter2"), "{told}");
}

/// All that is told of a run.
fn told(run: &Run) -> String {
    let mut told = serde_json::to_string(&run.view().graph()).unwrap();
    told += &serde_json::to_string(&run.view().log()).unwrap();
    let graph = serde_json::to_value(run.view().graph()).unwrap();
    for each in graph["resources"].as_array().unwrap() {
        let name = |key: &str| each[key].as_str().unwrap().to_owned();
        let details = run
            .view()
            .details(&Identity::new(name("kind"), name("name")));
        told += &serde_json::to_string(&details.expect("it is found as it is shown")).unwrap();
    }
    let start = Cursor {
        number: 0,
        ..run.view().cursor()
    };
    for news in run.view().news(start).unwrap() {
        told += &news.data;
    }
    told
}

#[tokio::test]
async fn passwords_in_names_commands_and_errors_are_not_shown() {
    let run = Run::start(false);
    let mut graph = ResourceGraph::default();
    let failing = exec::Exec {
        cmd: "echo https://joe:hunter2@h/ >&2; exit 3".to_owned(),
        shell: "/bin/sh".to_owned(),
        ..exec::Exec::default()
    };
    let failing = graph.add(placed(Resource::new("ssh://joe:hunter2@h", failing), 0));
    let after = graph.add(placed(
        Resource::new("joe:hunter2@h", noop::Noop::default()),
        0,
    ));
    graph.connect(failing, after, true);
    let file = run.file(
        "joe:hunter2@h",
        "hunter2@home\nhttp://joe:hunter2@h/\n",
        "0644",
    );
    graph.add(placed(file, 0));
    run.submit(graph, program("x\n")).await;
    run.wait_for(|graph| graph["status"]["states"] == json!({"failed": 1, "blocked": 1, "ok": 1}))
        .await;
    let told = told(&run);
    assert!(told.contains("joe:***@h"), "{told}");
    assert!(
        !told.replace("hunter2@home", "").contains("hunter2"),
        "{told}"
    );
    let guess = Identity::new("noop", "joe:wrong@h");
    assert!(
        run.view().details(&guess).is_some(),
        "nobody can try passwords"
    );
}

#[tokio::test]
async fn another_graph_is_told_by_its_differences() {
    let run = Run::start(false);
    let graph = |names: &[&str], line: u32| {
        let mut graph = ResourceGraph::default();
        let add = |name: &&str| {
            let resource = Resource::new(*name, noop::Noop::default());
            graph.add(placed(resource, line))
        };
        let nodes: Vec<_> = names.iter().map(add).collect();
        for pair in nodes.windows(2) {
            graph.connect(pair[0], pair[1], false);
        }
        graph
    };
    let sources = Arc::new(program("x\ny\n"));
    let submit = async |names: &[&str]| {
        let graph = graph(names, 0);
        let options = SubmitOptions::default();
        run.engine.submit(graph.clone(), options).await.unwrap();
        run.observer.declared(SourcedGraph {
            graph: Arc::new(graph),
            sources: sources.clone(),
            ..SourcedGraph::default()
        });
    };
    submit(&["a", "b", "c"]).await;
    let seen = run.wait_for(all_ok).await;
    let id = |name: &str| {
        let resources = seen["resources"].as_array().unwrap();
        resources.iter().find(|each| each["name"] == name).unwrap()["id"].clone()
    };
    let cursor = run.view().cursor();
    submit(&["a", "c", "d"]).await;
    let done = |graph: &Json| {
        all_ok(graph)
            && graph["status"]["generation"] == 2
            && graph["resources"][2]["place"] != Json::Null
    };
    let deltas = run.deltas(cursor, done).await;
    let all = |key: &str| -> Vec<Json> {
        let parts = deltas.iter().filter_map(|delta| delta[key].as_array());
        parts.flatten().cloned().collect()
    };
    assert!(
        deltas.iter().all(|delta| delta["whole"] == Json::Null),
        "{deltas:?}"
    );
    assert_eq!(all("gone"), [id("b")]);
    assert!(
        all("resources").iter().all(|each| each["name"] == "d"),
        "{deltas:?}"
    );
    let edges: Vec<Json> = all("edges")
        .iter()
        .map(|edge| edge["from"].clone())
        .collect();
    assert!(
        edges.contains(&id("a")) && edges.contains(&id("c")),
        "{deltas:?}"
    );
    assert!(
        all("gone_edges").is_empty(),
        "they went with their end: {deltas:?}"
    );
    // What is alike is told in no word.
    let cursor = run.view().cursor();
    submit(&["a", "c", "d"]).await;
    let deltas = run
        .deltas(cursor, |graph| graph["status"]["generation"] == 3)
        .await;
    assert!(
        deltas
            .iter()
            .all(|delta| delta.as_object().unwrap().len() == 1),
        "{deltas:?}"
    );
}

#[tokio::test]
async fn parts_of_a_group_have_a_history_of_their_own() {
    let run = Run::start(false);
    let mut graph = ResourceGraph::default();
    for name in ["a", "b"] {
        let params = print::Print {
            msg: Str::from(name),
            ..print::Print::default()
        };
        graph.add(placed(Resource::new(name, params), 0));
    }
    run.submit(graph, program("x\n")).await;
    let grouped = |graph: &Json| all_ok(graph) && graph["resources"][0]["members"] != Json::Null;
    let graph = run.wait_for(grouped).await;
    let owner = graph["resources"][0]["name"].as_str().unwrap();
    let member = if owner == "a" { "b" } else { "a" };
    let part_of = json!({"kind": "print", "name": owner});
    for (name, owner) in [(owner, Json::Null), (member, part_of)] {
        let details = run.details(&Identity::new("print", name));
        assert_eq!(details["name"], name);
        assert_eq!(details["part_of"], owner);
        let passes = details["history"].as_array().unwrap();
        let said = json!({"type": "notice", "text": format!("say `{name}`")});
        let changes = passes
            .iter()
            .filter_map(|pass| pass["changes"].as_array())
            .flatten();
        assert!(changes.clone().any(|change| *change == said), "{details}");
        assert!(name != member || changes.count() == 1, "{details}");
    }
}

//! mgmt as a library (engine.md §9): the examples do what they say, and each promise holds.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

#[path = "../examples/custom.rs"]
#[allow(dead_code, reason = "the example has a `main` of its own")]
mod custom;
#[path = "../examples/embed.rs"]
#[allow(dead_code, reason = "the example has a `main` of its own")]
mod embed;

use std::fs;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::{StreamExt as _, stream};
use mgmt_runtime::driver::Ended;
use mgmt_runtime::driver::ladder::StopHandle;
use mgmt_runtime::engine::{EngineStatus, SubmitOptions};
use mgmt_runtime::files::MemoryFiles;
use mgmt_runtime::frontend::{
    Frontend, FrontendContext, FrontendError, GraphSource, GraphStream, Lang, Step, StepError,
};
use mgmt_runtime::graph::{Attach, Identity, Receive, Resource, ResourceGraph};
use mgmt_runtime::runner::{Config, ConfigError, RunError, Runner, Running};
use mgmt_runtime::vocabulary::Vocabulary;
use mgmt_runtime::world::{SoloWorld, World};
use mgmt_stdlib::catalog::{CallError, FunctionDef, Host, Sampler, Wake, WorldView as _};
use mgmt_stdlib::resources::{file, noop};
use mgmt_stdlib::value::{Str, Value};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);

fn vocabulary() -> Vocabulary {
    Vocabulary::standard().unwrap()
}

fn config() -> Config {
    let mut config = Config::new("embedded", "1");
    config.hostname = Some("h1".to_owned());
    config.prefix.temporary = true;
    config
}

/// One that ends once it has converged.
fn ending() -> Config {
    let mut config = config();
    config.converger.timeout = Some(Duration::ZERO);
    config.converger.exit = true;
    config
}

fn runner(config: Config) -> Runner {
    Runner::new(config, vocabulary()).unwrap()
}

async fn ends(runner: Runner) -> Result<(), RunError> {
    timeout(PATIENCE, runner.run(&StopHandle::new()))
        .await
        .unwrap()
}

async fn until(running: &Running, wanted: impl FnMut(&EngineStatus) -> bool) {
    let mut status = running.engine().status();
    timeout(PATIENCE, status.wait_for(wanted))
        .await
        .unwrap()
        .unwrap();
}

fn ended(result: Result<(), RunError>) -> Ended {
    match result {
        Err(RunError::Ended(ended)) => ended,
        other => panic!("{other:?}"),
    }
}

fn file(path: &Path, content: &str) -> Resource {
    let params = file::File {
        state: "exists".to_owned(),
        content: Some(Str::from(content)),
        ..file::File::default()
    };
    Resource::new(path.to_str().unwrap(), params)
}

fn graph_of(resources: impl IntoIterator<Item = Resource>) -> ResourceGraph {
    let mut graph = ResourceGraph::default();
    for resource in resources {
        graph.add(Arc::new(resource));
    }
    graph
}

fn read(directory: &TempDir, name: &str) -> String {
    fs::read_to_string(directory.path().join(name)).unwrap_or_default()
}

#[tokio::test]
async fn the_engine_alone_is_enough() {
    let directory = tempfile::tempdir().unwrap();
    let changed = embed::run(directory.path()).await.unwrap();
    let path = directory.path().join("greeting");
    let names: Vec<_> = changed
        .iter()
        .map(|identity| identity.name.as_str())
        .collect();
    assert_eq!(names, [path.to_str().unwrap(); 2]);
    assert_eq!(read(&directory, "greeting"), "goodbye\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_of_its_own_has_arguments_kinds_functions_and_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("greeting");
    let path = path.to_str().unwrap();
    let program = custom::program().unwrap();
    let args = [
        "greeter",
        "--tmp-prefix",
        "--converged-timeout=0",
        "--whom=you",
        path,
    ];
    ends(program.parse(args).unwrap()).await.unwrap();
    assert_eq!(read(&directory, "greeting"), "HELLO YOU\nkept by greeter\n");
}

/// 9.1.1
#[test]
fn program_and_version_are_mandatory() {
    for (program, version) in [
        ("", "1"),
        ("two words", "1"),
        ("a/b", "1"),
        ("..", "1"),
        ("a", ""),
        ("a", "1 0"),
    ] {
        let wrong = Runner::new(Config::new(program, version), vocabulary()).unwrap_err();
        let is_named = matches!(wrong, ConfigError::Program(_) | ConfigError::Version(_));
        assert!(is_named, "{program} {version}: {wrong}");
    }
    let mut config = config();
    config.hostname = Some("no host".to_owned());
    let wrong = Runner::new(config, vocabulary()).unwrap_err();
    assert!(matches!(wrong, ConfigError::Hostname(_)), "{wrong}");
}

/// 9.1.1
#[tokio::test(flavor = "multi_thread")]
async fn the_options_of_the_command_line_are_fields() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let mut config = ending();
    config.noop = true;
    config.sema = NonZeroU32::new(1);
    config.prefix.temporary = false;
    config.prefix.prefix = Some(path("state"));
    config.converger.status_file = Some(path("status"));
    config.graphviz = Some(path("graph.dot"));
    let graph = graph_of([file(&path("f"), "x")]);
    let graphs = GraphStream::new(stream::iter([Ok(Step::from(graph))]));
    ends(runner(config).with_graphs(graphs)).await.unwrap();
    assert!(!path("f").exists(), "nothing is changed");
    assert_eq!(read(&directory, "status").lines().last(), Some("true"));
    assert!(path("state").is_dir());
    assert!(read(&directory, "graph.dot").contains("digraph"));

    config = self::config();
    config.max_runtime = Some(Duration::from_millis(1));
    assert!(matches!(
        ended(ends(runner(config)).await),
        Ended::Failed(_)
    ));
}

/// 9.1.2, 2.2.3, 2.2.4
#[tokio::test(flavor = "multi_thread")]
async fn graphs_come_from_any_stream() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("f");
    let (send, receive) = mpsc::channel::<Result<Step, StepError>>(8);
    let steps = stream::unfold(receive, async |mut receive| {
        Some((receive.recv().await?, receive))
    });
    let stop = StopHandle::new();
    let run = runner(config()).with_graphs(GraphStream::new(steps));
    let running = run.start(&stop).await.unwrap();
    let graph = |content: &str| Arc::new(graph_of([file(&path, content)]));
    let step = |content: &str, fast| Step::Graph {
        graph: graph(content),
        options: SubmitOptions {
            fast,
            ..SubmitOptions::default()
        },
    };
    send.send(Ok(step("one", false))).await.unwrap();
    until(&running, |it| it.generation == 1 && it.settled == 1).await;
    assert_eq!(read(&directory, "f"), "one");
    send.send(Err("a hiccup".into())).await.unwrap();
    send.send(Ok(step("two", true))).await.unwrap();
    until(&running, |it| it.generation == 2 && it.settled == 1).await;
    assert_eq!(read(&directory, "f"), "two");
    // The graph is held, also when no further one can come.
    drop(send);
    fs::remove_file(&path).unwrap();
    let repaired = async {
        while read(&directory, "f") != "two" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, repaired).await.unwrap();
    stop.stop();
    timeout(PATIENCE, running.wait()).await.unwrap().unwrap();
}

/// 9.1.2, 2.2.3
#[tokio::test(flavor = "multi_thread")]
async fn a_stream_can_end_the_run() {
    let exit = |how| GraphStream::new(stream::iter([Ok(Step::Exit(how))]).chain(stream::pending()));
    ends(runner(config()).with_graphs(exit(Ok(()))))
        .await
        .unwrap();
    let failed = ended(ends(runner(config()).with_graphs(exit(Err("enough".into())))).await);
    assert_eq!(failed.exit_status(), 1);
    assert!(failed.to_string().contains("enough"), "{failed}");
}

/// Makes a graph of one noop of its payload.
struct OneNoop;

impl Frontend for OneNoop {
    fn name(&self) -> &'static str {
        "one-noop"
    }

    fn load(
        &self,
        payload: &str,
        context: &FrontendContext,
    ) -> Result<Box<dyn GraphSource>, FrontendError> {
        if payload.is_empty() {
            return Err(FrontendError::Unusable("it has no name".to_owned()));
        }
        assert_eq!(context.hostname, "h1");
        let graph = graph_of([Resource::new(payload, noop::Noop::default())]);
        Ok(Box::new(GraphStream::new(stream::iter([Ok(graph.into())]))))
    }
}

/// 9.1.2
#[tokio::test(flavor = "multi_thread")]
async fn a_front_end_looks_at_its_payload() {
    ends(runner(ending()).with_frontend(OneNoop, "x"))
        .await
        .unwrap();
    let error = ends(runner(config()).with_frontend(OneNoop, ""))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "it has no name");
    assert_eq!(error.exit_status(), 1);
    let error = ends(runner(config()).with_frontend(Lang::default(), "file {")).await;
    assert!(matches!(
        error,
        Err(RunError::Frontend(FrontendError::Reported))
    ));
}

/// 9.1.3
#[tokio::test(flavor = "multi_thread")]
async fn graphs_are_built_in_code() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let catalog = vocabulary().catalog;
    let of_kind = |kind: &str, name: String, params: Vec<(&str, Value)>| {
        Resource::of_kind(catalog.resource(kind).unwrap(), name, params).unwrap()
    };
    let mut graph = ResourceGraph::default();
    let sender = of_kind(
        "exec",
        "sender".to_owned(),
        vec![("cmd", "echo -n sent".into())],
    );
    let sender = graph.add(Arc::new(sender));
    let mut below = ResourceGraph::default();
    let mut receiver = of_kind("file", path("received"), vec![("state", "exists".into())]);
    receiver.receives.push(Receive {
        param: "content".into(),
        sender: Identity::new("exec", "sender"),
        key: "output".into(),
        span: None,
    });
    let mut kept = file(&directory.path().join("kept"), "never");
    kept.meta.noop = true;
    let (receiver, kept) = (below.add(Arc::new(receiver)), below.add(Arc::new(kept)));
    below.connect(receiver, kept, true);
    graph.attach_below(sender, &below, Attach::Ends, false);
    let graphs = GraphStream::new(stream::iter([Ok(Step::from(graph))]));
    ends(runner(ending()).with_graphs(graphs)).await.unwrap();
    assert_eq!(read(&directory, "received"), "sent");
    assert!(!Path::new(&path("kept")).exists());

    let kind = catalog.resource("file").unwrap();
    assert!(Resource::of_kind(kind, "/x", [("colour", "red".into())]).is_err());
    assert!(Resource::of_kind(kind, "/x", [("content", 1.into())]).is_err());
}

/// Tells how often it was asked.
struct Asked(Arc<AtomicUsize>);

impl Sampler for Asked {
    fn call(&mut self, _: &dyn Host, _: &[Value]) -> Result<Value, CallError> {
        Ok(Value::Int(self.0.fetch_add(1, Ordering::Relaxed) as i64))
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        vec![Wake::Clock(Duration::from_millis(10))]
    }
}

/// 9.1.4; kinds are registered by the example.
#[tokio::test(flavor = "multi_thread")]
async fn functions_may_hold_what_the_embedder_gives_them() {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let start = move |_: &_| Box::new(Asked(Arc::clone(&counter))) as Box<dyn Sampler>;
    let function = FunctionDef::sampled("site.asked", "func() int", "How often.", start).unwrap();
    let own = vocabulary().with_function(function.clone()).unwrap();
    assert!(
        own.clone().with_function(function).is_err(),
        "a name is taken once"
    );
    let stop = StopHandle::new();
    let program = "import \"site\"\nimport \"fmt\"\nprint \"x\" { msg => fmt.printf(\"%d\", site.asked()), }\n";
    let run = Runner::new(config(), own)
        .unwrap()
        .with_frontend(Lang::default(), program);
    let running = run.start(&stop).await.unwrap();
    until(&running, |status| status.generation >= 3).await;
    stop.stop();
    timeout(PATIENCE, running.wait()).await.unwrap().unwrap();
    assert!(asked.load(Ordering::Relaxed) >= 3);
}

/// 9.1.5
#[tokio::test(flavor = "multi_thread")]
async fn the_world_can_be_another_one() {
    let directory = tempfile::tempdir().unwrap();
    let world = SoloWorld::in_memory("h1");
    world.set_string("colour", Some("red")).unwrap();
    let program = format!(
        "import \"world\"\nfile \"{}/f\" {{ state => \"exists\", content => world.getval(\"colour\")->value, }}\n\
         kv \"written\" {{ key => \"shape\", value => \"round\", }}\n",
        directory.path().display()
    );
    let stop = StopHandle::new();
    let run = runner(config())
        .with_frontend(Lang::default(), &program)
        .with_world(Arc::new(world.clone()));
    let running = run.start(&stop).await.unwrap();
    until(&running, |it| it.generation == 1 && it.settled == 2).await;
    assert_eq!(read(&directory, "f"), "red");
    world.set_string("colour", Some("green")).unwrap();
    until(&running, |it| it.generation == 2 && it.settled == 2).await;
    assert_eq!(read(&directory, "f"), "green");
    stop.stop();
    timeout(PATIENCE, running.wait()).await.unwrap().unwrap();
    assert_eq!(world.string("shape").unwrap().as_deref(), Some("round"));
}

/// 9.1.6
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_comes_before_the_run_is_remembered() {
    let stop = StopHandle::new();
    stop.stop();
    let run = runner(config())
        .with_frontend(Lang::default(), "noop \"x\" {}")
        .run(&stop);
    timeout(PATIENCE, run).await.unwrap().unwrap();
}

/// 9.1.6
#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_return_is_interrupted() {
    let stop = StopHandle::new();
    let program = "exec \"x\" { cmd => \"sleep 1000\", }";
    let run = runner(config()).with_frontend(Lang::default(), program);
    let running = run.start(&stop).await.unwrap();
    until(&running, |status| status.running == 1).await;
    stop.soft_interrupt();
    timeout(PATIENCE, running.wait()).await.unwrap().unwrap();
}

/// 9.1.6
#[tokio::test(flavor = "multi_thread")]
async fn the_end_has_a_result() {
    let status = async |config: Config, program: &str| {
        let result = ends(runner(config).with_frontend(Lang::default(), program)).await;
        result.err().map_or(0, |error| error.exit_status())
    };
    assert_eq!(status(config(), "exit \"x\" { code => 7, }").await, 7);
    assert_eq!(status(config(), "exit \"x\" {}").await, 0);
    let fails = "exec \"x\" { cmd => \"false\", }";
    assert_eq!(status(ending(), fails).await, 0);
    let mut reporting = ending();
    reporting.report_failures = true;
    assert_eq!(status(reporting, fails).await, 2);
    let of_no_kind = graph_of([Resource::new("/x", custom::Banner::default())]);
    let graphs = GraphStream::new(stream::iter([Ok(of_no_kind.into())]));
    assert!(matches!(
        ended(ends(runner(config()).with_graphs(graphs)).await),
        Ended::Failed(_)
    ));
}

/// 9.1.7
#[tokio::test(flavor = "multi_thread")]
async fn convergence_is_told_and_can_be_read() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut config = config();
    config.converger.timeout = Some(Duration::ZERO);
    let stop = StopHandle::new();
    let run = runner(config)
        .with_frontend(Lang::default(), "noop \"x\" {}")
        .on_converged("tell", move |converged| {
            tell.send(converged).map_err(|error| error.to_string())
        });
    let running = run.start(&stop).await.unwrap();
    assert_eq!(timeout(PATIENCE, told.recv()).await.unwrap(), Some(true));
    until(&running, |status| status.converged).await;
    stop.stop();
    timeout(PATIENCE, running.wait()).await.unwrap().unwrap();

    let refuses = runner(ending()).on_converged("refuse", |_| Err("not like this".to_owned()));
    let failed = ended(ends(refuses.with_frontend(Lang::default(), "noop \"x\" {}")).await);
    assert!(failed.to_string().contains("not like this"), "{failed}");
}

/// 9.1.8
#[tokio::test(flavor = "multi_thread")]
async fn each_resource_tells_its_state() {
    let stop = StopHandle::new();
    let program = "exec \"x\" { cmd => \"false\", Meta:retry => 0, }";
    let run = runner(config()).with_frontend(Lang::default(), program);
    let running = run.start(&stop).await.unwrap();
    until(&running, |status| status.failed == 1).await;
    let vertices = running.engine().snapshot().await;
    let [vertex] = &vertices[..] else {
        panic!("{vertices:?}")
    };
    assert_eq!(vertex.identity, Identity::new("exec", "x"));
    assert!(vertex.error.is_some());
    assert_eq!(vertex.retries, 0);
    stop.stop();
    timeout(PATIENCE, running.wait()).await.unwrap().unwrap();
}

/// 9.1.9
#[tokio::test(flavor = "multi_thread")]
async fn an_embedded_program_sees_its_files_and_no_others() {
    let directory = tempfile::tempdir().unwrap();
    let program = format!(
        "import \"deploy\"\nimport \"part/\"\nfile \"{}/f\" {{ state => \"exists\", content => \
         deploy.readfile(\"/data\") + part.data(), }}\n",
        directory.path().display()
    );
    let files = MemoryFiles::default()
        .with("/main.mcl", program)
        .with("/data", "of the program, ")
        .with(
            "/part/main.mcl",
            "import \"deploy\"\nfunc data() { deploy.readfile(\"/data\") }\n",
        )
        .with("/part/data", "of its part");
    ends(runner(ending()).with_program(Arc::new(files)))
        .await
        .unwrap();
    assert_eq!(read(&directory, "f"), "of the program, of its part");
    let outside = MemoryFiles::default().with("/main.mcl", "import \"/etc/\"\n");
    let error = ends(runner(ending()).with_program(Arc::new(outside))).await;
    assert!(matches!(
        error,
        Err(RunError::Frontend(FrontendError::Reported))
    ));
}

/// 9.1.11
#[tokio::test(flavor = "multi_thread")]
async fn several_run_in_one_process() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (directory.path().join("one"), directory.path().join("two"));
    let (stop_one, stop_two) = (StopHandle::new(), StopHandle::new());
    let start = async |name: &str, path: &Path, stop: &StopHandle| {
        let mut config = config();
        config.hostname = Some(name.to_owned());
        let graphs = stream::iter([Ok(Step::from(graph_of([file(path, name)])))]);
        let run = runner(config).with_graphs(GraphStream::new(graphs));
        run.start(stop).await.unwrap()
    };
    let first = start("one", &one, &stop_one).await;
    let second = start("two", &two, &stop_two).await;
    for running in [&first, &second] {
        until(running, |it| it.generation == 1 && it.settled == 1).await;
    }
    stop_one.stop();
    timeout(PATIENCE, first.wait()).await.unwrap().unwrap();
    fs::remove_file(&two).unwrap();
    let repaired = async {
        while read(&directory, "two") != "two" {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, repaired).await.unwrap();
    stop_two.stop();
    timeout(PATIENCE, second.wait()).await.unwrap().unwrap();

    let shared = directory.path().join("state");
    let taken = |stop: StopHandle| {
        let mut config = config();
        config.prefix.temporary = false;
        config.prefix.prefix = Some(shared.clone());
        let run = runner(config);
        async move { run.start(&stop).await }
    };
    let holds = taken(StopHandle::new()).await.unwrap();
    let refused = taken(StopHandle::new()).await.unwrap_err();
    assert!(matches!(refused, RunError::Place(_)), "{refused}");
    drop(holds);
}

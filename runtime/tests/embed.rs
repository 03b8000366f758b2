//! The example of the engine as a library does what it says.

#[path = "../examples/embed.rs"]
#[allow(dead_code, reason = "the example has a `main` of its own")]
mod embed;

#[tokio::test]
async fn the_example_runs() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let changed = embed::run(directory.path()).await.expect("it ends well");
    let path = directory.path().join("greeting");
    let names: Vec<_> = changed
        .iter()
        .map(|identity| identity.name.as_str())
        .collect();
    assert_eq!(names, [path.to_str().expect("it is UTF-8"); 2]);
    assert_eq!(
        std::fs::read_to_string(path).expect("it is there"),
        "goodbye\n"
    );
}

//! Kinds that no test of their own runs as a user would.

use mgmt_tests::agent::{Agent, eventually};

#[test]
fn what_kv_stores_the_program_reads() {
    let program = |value: &str| {
        format!(
            "import \"world\"\n\nkv \"leader\" {{\n\tvalue => \"{value}\",\n}}\n\
             file \"@DIR@/leader\" {{\n\tstate => \"exists\",\n\
             \tcontent => world.getval(\"leader\")->value,\n}}\n"
        )
    };
    let agent = Agent::new(&program("alpha")).run(&[]);
    agent.wait_for_text("leader", "alpha");
    agent.save(&program("beta"));
    agent.wait_for_text("leader", "beta");
}

#[test]
fn lines_of_one_file_stay() {
    let line = |content: &str| {
        format!(
            "line \"{content}\" {{\n\tfile => \"@DIR@/lines\",\n\tstate => \"exists\",\n\
             \tcontent => \"{content}\",\n}}\n"
        )
    };
    let agent = Agent::new(&[line("one"), line("two")].concat()).run(&[]);
    let both = || {
        let text = agent.read("lines").unwrap_or_default();
        ["one", "two"].map(|line| text.lines().filter(|found| *found == line).count()) == [1, 1]
    };
    eventually("both lines are there", both);
    // At once: between truncating and writing, the agent would write, too.
    std::fs::write(agent.path("aside"), "other").unwrap();
    std::fs::rename(agent.path("aside"), agent.path("lines")).unwrap();
    eventually("both lines are there again", both);
    assert!(agent.read("lines").unwrap().starts_with("other\n"));
}

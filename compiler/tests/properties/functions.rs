//! A function that a resource calls gives what the program would have got from it.

use mgmt_compiler::graph::ResourceGraph;
use mgmt_stdlib::catalog::CallResult;
use mgmt_stdlib::value::{Func, Value};
use proptest::prelude::*;

use super::evaluator::{calm, world};
use super::generate::{HEAD, finish, int, program};
use super::run::{Event, Run, World};

/// A parameter of the resource of that name.
fn param(graph: &ResourceGraph, name: &str, param: &str) -> Value {
    let resource = graph
        .resources()
        .find(|resource| resource.identity.name == name)
        .expect("the program declares it");
    resource.params.get(param).expect("the program gives it")
}

/// The function that was given to the resource of that name.
fn func(graph: &ResourceGraph, name: &str) -> Func {
    let value = param(graph, name, "func1");
    value.as_func().expect("it is a function").clone()
}

/// The first state of a program.
fn settled(text: &str, world: &World) -> Run {
    let mut run = Run::new(&program(text));
    run.settle(world).expect("the program does not fail");
    run
}

/// Calls the function of the resource `t` of a program that begins with these definitions.
fn call(definitions: &str, resource: &str) -> CallResult {
    let text = format!("{HEAD}{definitions}\n{resource}\n");
    let run = settled(&text, &calm());
    func(&run.graph, "t").call(&[Value::Int(42)])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn a_call_from_outside_gives_the_same(a in int(2, 0), b in int(2, 1), body in int(3, 2), arg in 0..4i64, world in world()) {
        let text = finish(&format!(
            r#"{HEAD}$v0 = {a}
$v1 = {b}
$f = func($arg) {{ fmt.printf("%d %d", $arg, {body}) }}
test "t" {{ func1 => $f, anotherstr => $f({arg}) <|> "failed", }}
"#
        ));
        let mut run = Run::new(&program(&text));
        if run.settle(&world).is_ok() {
            let expected = param(&run.graph, "t", "anotherstr");
            match func(&run.graph, "t").call(&[Value::Int(arg)]) {
                Ok(value) => prop_assert_eq!(value, expected, "{}", text),
                Err(error) if error.catchable => prop_assert_eq!(Value::str("failed"), expected, "{}", text),
                Err(error) => {
                    prop_assert!(error.message.contains("looks at the machine"), "{}\n{}", text, error);
                    prop_assert!(body.contains("source."), "{}\n{}", text, error);
                }
            }
        }
    }
}

#[test]
fn functions_know_what_they_were_made_of() {
    let number = "fmt.printf(\"%d\", $n)";
    for (definitions, resource, expected) in [
        (
            "$k = source.number(0)\n$f = func($x) { $x + $k }",
            "test \"t\" { func1 => func($n) { fmt.printf(\"%d\", $f($n)) }, }",
            "43",
        ),
        (
            "func made($k) { func($x) { $x * $k } }\n$f = made(3)",
            "test \"t\" { func1 => func($n) { fmt.printf(\"%d\", $f($n)) }, }",
            "126",
        ),
        (
            "class c($k) {\n$w = $k + 1\nfunc g($x) { $x + $w }\n}\ninclude c(source.number(1)) as i\n",
            "test \"t\" { func1 => func($n) { fmt.printf(\"%d %d\", i.g($n), $i.k) }, }",
            "44 1",
        ),
        (
            "",
            &format!(
                "for $i, $s in [\"a\"] {{\ntest \"t\" {{ func1 => func($n) {{ {number} + $s }}, }}\n}}"
            ),
            "42a",
        ),
        (
            "$l = [func($n) { \"a\" }, func($n) { fmt.printf(\"%d\", $n + source_now()) }]\n$now = source.number(2)\nfunc source_now() { $now }",
            "test \"t\" { func1 => $l[source.number(0)], }",
            "43",
        ),
        (
            "",
            "test \"t\" { func1 => func($n) { fmt.printf(\"%d\", iter.reduce(0, iter.map(iter.range($n), twice_all()), func($a, $b) { $a + $b })) }, }\nfunc twice_all() { func($x) { twice($x) } }",
            "1722",
        ),
    ] {
        let result = call(definitions, resource);
        assert_eq!(
            result,
            Ok(Value::str(expected)),
            "{definitions}\n{resource}"
        );
    }
}

#[test]
fn a_source_in_a_function_is_an_error_and_the_next_call_works() {
    let text = format!(
        "{HEAD}test \"t\" {{ func1 => func($n) {{ if $n == 1 {{ fmt.printf(\"%d\", source.number($n)) }} else {{ \"else\" }} }}, }}\n"
    );
    let run = settled(&text, &calm());
    let func = func(&run.graph, "t");
    let error = func.call(&[Value::Int(1)]).unwrap_err();
    assert!(!error.catchable);
    assert!(
        error
            .message
            .starts_with("the function calls `source.number`, which looks at the machine")
    );
    assert_eq!(func.call(&[Value::Int(2)]), Ok(Value::str("else")));
    func.call(&[Value::Int(1)]).unwrap_err();
}

#[test]
fn a_change_of_what_a_function_mentions_makes_another_function() {
    let text = format!(
        r#"{HEAD}$k = source.number(0)
$other = source.number(1)
test "t" {{ func1 => func($n) {{ fmt.printf("%d", $n + $k) }}, }}
test "o" {{ int64 => $other, }}
"#
    );
    let mut world = calm();
    let mut run = settled(&text, &world);
    let step = |run: &mut Run, world: &mut World, event: Event| {
        let requests = run.evaluator.requests();
        run.serve(requests, world);
        world.apply(&event);
        run.happen(world, &event)
            .expect("the program does not fail");
        func(&run.graph, "t")
    };
    let before = func(&run.graph, "t");
    let same = step(&mut run, &mut world, Event::Int(1, Some(9)));
    assert!(before.ptr_eq(&same));
    let after = step(&mut run, &mut world, Event::Int(0, Some(5)));
    assert!(before != after);
    assert_eq!(before.call(&[Value::Int(1)]), Ok(Value::str("2")));
    assert_eq!(after.call(&[Value::Int(1)]), Ok(Value::str("6")));
}

#[test]
fn functions_of_one_text_and_equal_values_are_equal() {
    let text = format!(
        r#"{HEAD}class c($k) {{
	$f = func($n) {{ fmt.printf("%d", $n + $k) }}
	test "same" {{ func1 => $f, }}
}}
include c(1)
for $i, $k in [2, 2, 3] {{
	$s = fmt.printf("%d", $i)
	test "${{s}}" {{ func1 => func($n) {{ fmt.printf("%d", $n + $k) }}, }}
}}
test "same2" {{ func1 => $g, }}
test "same2" {{ func1 => $g, }}
$g = func($n) {{ "g" }}
"#
    );
    let graph = settled(&text, &calm()).graph;
    assert!(func(&graph, "0") == func(&graph, "1"));
    assert!(func(&graph, "1") != func(&graph, "2"));
}

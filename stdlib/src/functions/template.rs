//! `template`: templates in other languages than Go's. The package is not in the original.

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, UndefinedBehavior};

use crate::catalog::{Bound, CallError, CallResult, FunctionDef};
use crate::value::{Str, Value};

use super::declare::{Argument, examples, pure, wrong_count};

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        pure(
            "template.jinja",
            "func(template str) str",
            "The text of a template in the language of Jinja. The fields of a struct, or the entries of a map, that is the \
             second argument are the variables; any other value is the variable `value`. A name that is not known is an error. \
             Not in the original.",
            jinja,
        )
        .or("func(template str, vars ?1) str")
        .bound(1, &Bound::NoFunc)
        .catchable(&["jinja: E"])
        .examples(examples![
            r#"template.jinja("{% for h in hosts %}{{ h|upper }};{% endfor %}", struct{hosts => ["a", "b"]})"# => r#""A;B;""#,
            r#"template.jinja("{{ nothing }}") <|> "none""# => r#""none""#,
        ]),
    ]
}

fn jinja(args: &[Value]) -> CallResult {
    let (template, vars) = match args {
        [template] => (template, None),
        [template, vars] => (template, Some(vars)),
        _ => return Err(wrong_count(args.len())),
    };
    let template = <&Str>::from_value(template)?;
    let failed = |error: &dyn std::fmt::Display| CallError::catchable(format!("jinja: {error}"));
    let template = template
        .to_str()
        .map_err(|_| failed(&"the template is not UTF-8"))?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().keep_trailing_newline(true).build();
    environment.set_syntax(syntax.map_err(|error| failed(&error))?);
    environment
        .render_str(template, context(vars))
        .map(Value::from)
        .map_err(|error| {
            let what = error
                .detail()
                .map_or_else(|| error.kind().to_string(), str::to_owned);
            match error.line() {
                Some(line) => failed(&format_args!("line {line}: {what}")),
                None => failed(&what),
            }
        })
}

/// The variables of a template.
fn context(vars: Option<&Value>) -> minijinja::Value {
    match vars {
        None => ().into(),
        Some(vars @ (Value::Struct(_) | Value::Map(_))) => convert(vars),
        Some(other) => minijinja::Value::from_pairs([("value", convert(other))]),
    }
}

/// The value as Jinja has it; what is not UTF-8 is read as U+FFFD.
fn convert(value: &Value) -> minijinja::Value {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Str(text) => (&*text.to_string_lossy()).into(),
        Value::List(list) => list.iter().map(convert).collect(),
        Value::Map(map) => minijinja::Value::from_pairs(
            map.iter()
                .map(|(key, value)| (convert(key), convert(value))),
        ),
        Value::Struct(fields) => minijinja::Value::from_pairs(
            fields
                .iter()
                .map(|(name, value)| (name.as_str(), convert(value))),
        ),
        Value::Func(_) => ().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{call, caught};
    use super::*;

    fn render(template: &str, vars: Value) -> String {
        let rendered = call("template.jinja", &[template.into(), vars]).unwrap();
        rendered.as_str().unwrap().to_string_lossy().into_owned()
    }

    #[test]
    fn variables_have_their_types() {
        let inner = [("port", Value::Int(80)), ("on", Value::Bool(true))];
        let fields = [
            ("server", Value::Struct(inner.into_iter().collect())),
            ("ratio", Value::Float(1.5)),
            (
                "ports",
                Value::Map([(1.into(), "one".into())].into_iter().collect()),
            ),
        ];
        let vars = Value::Struct(fields.into_iter().collect());
        let template = "{{ server.port + 1 }} {% if server.on %}on{% endif %} {{ ratio * 2 }} {{ ports[1] }}\n";
        assert_eq!(render(template, vars), "81 on 3.0 one\n");
    }

    #[test]
    fn entries_and_other_values_are_variables() {
        let map = Value::Map([("a".into(), "x".into())].into_iter().collect());
        assert_eq!(render("{{ a }}", map), "x");
        assert_eq!(
            render(
                "{{ value|join('-') }}",
                Value::list(["a".into(), "b".into()])
            ),
            "a-b"
        );
    }

    #[test]
    fn nothing_is_escaped() {
        let vars = Value::Struct([("a", "<&>".into())].into_iter().collect());
        assert_eq!(render("{{ a }}", vars), "<&>");
    }

    #[test]
    fn mistakes_say_where() {
        for (template, start) in [
            ("a\n{{ nothing }}", "jinja: line 2: `nothing` is undefined"),
            ("{% if %}", "jinja: line 1: "),
        ] {
            let error = caught(call("template.jinja", &[template.into()]));
            assert!(error.starts_with(start), "{error}");
        }
    }
}

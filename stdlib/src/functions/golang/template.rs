//! `golang.template`: text from a template (functions.md §10).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::catalog::{
    CallError, CallResult, FunctionDef, Host, Implementation, Inference, Purity, Sampler, Start,
    StartSampler, Wake,
};
use crate::template::{Library, Template};
use crate::types::Type;
use crate::value::{Str, Value};

use super::super::declare::{Argument, snapshot, wrong_count};

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        snapshot(
            "golang.template",
            "func(template str) str",
            "The text of a template in the language of Go's text/template. The second argument is what its dot stands for: \
             fields of a struct are reached with the first letter in upper case, entries of a map by their key. The functions \
             of this library can be called as `strings_to_upper` and the like.",
            |start| {
                Box::new(Sampled {
                    start: start.clone(),
                    template: None,
                    live: Vec::new(),
                })
            },
        )
        .or("func(template str, vars ?1) str")
        .inferred(Inference::Template)
        .catchable(&["template: execution error: ...: error calling F: E"]),
    ]
}

/// A live call, which keeps what it read while the text of the template stays.
struct Sampled {
    /// What the functions that it calls are started with.
    start: Start,
    template: Option<(Str, Template)>,
    /// The calls that the last rendering made.
    live: Vec<Live>,
}

/// A live call that a template makes. It stays from one rendering to the next, so that one that keeps
/// something gives the same again.
struct Live {
    /// Package and name.
    function: (&'static str, &'static str),
    args: Vec<Value>,
    sampler: Box<dyn Sampler>,
}

impl Sampler for Sampled {
    fn call(&mut self, host: &dyn Host, args: &[Value]) -> CallResult {
        let (text, vars) = match args {
            [text] => (text, None),
            [text, vars] => (text, Some(vars)),
            _ => return Err(wrong_count(args.len())),
        };
        let text = <&Str>::from_value(text)?;
        let library = Callable {
            host,
            start: &self.start,
            before: RefCell::new(std::mem::take(&mut self.live)),
            now: RefCell::default(),
        };
        let template = match self.template.take() {
            Some((have, template)) if have == *text => template,
            _ => Template::parse(text.as_bytes(), &library).map_err(CallError::from)?,
        };
        let rendered = template.render(vars, &library);
        self.live = library.now.into_inner();
        self.template = Some((text.clone(), template));
        Ok(Value::from(rendered.map_err(CallError::from)?))
    }

    fn wake(&self, _: &[Value]) -> Vec<Wake> {
        Vec::new()
    }
}

/// The functions that a template may call: those that no event wakes and whose types are known.
struct Callable<'h> {
    host: &'h dyn Host,
    start: &'h Start,
    /// The live calls of the last rendering that this one has not made yet.
    before: RefCell<Vec<Live>>,
    /// Those that it has made.
    now: RefCell<Vec<Live>>,
}

impl Callable<'_> {
    /// The live call of the last rendering that was the same, or a new one.
    fn live(&self, function: &FunctionDef, args: &[Value], start: &StartSampler) -> Live {
        let name = (function.package, function.name);
        let mut before = self.before.borrow_mut();
        let same = before.iter().position(|live| {
            live.function == name
                && live.args.len() == args.len()
                && live.args.iter().zip(args).all(|(a, b)| a.is_same(b))
        });
        match same {
            Some(at) => before.remove(at),
            None => Live {
                function: name,
                args: args.to_vec(),
                sampler: start(self.start),
            },
        }
    }
}

static FUNCTIONS: LazyLock<BTreeMap<String, FunctionDef>> = LazyLock::new(|| {
    super::super::all()
        .into_iter()
        .filter(is_callable)
        .map(|function| (name_of(&function), function))
        .collect()
});

fn is_callable(function: &FunctionDef) -> bool {
    let plain = matches!(
        function.purity,
        Purity::Pure | Purity::Effect | Purity::Snapshot
    );
    let known = function.signatures.iter().all(|signature| {
        let mut types = signature.ty.args.iter().map(|(_, ty)| ty);
        !signature.variadic && types.all(is_known) && is_known(&signature.ty.result)
    });
    plain && known && function.inference == Inference::Signature
}

/// Whether a type has no variable in it.
fn is_known(ty: &Type) -> bool {
    match ty {
        Type::Bool | Type::Str | Type::Int | Type::Float => true,
        Type::List(element) => is_known(element),
        Type::Map(entry) => is_known(&entry.0) && is_known(&entry.1),
        Type::Struct(fields) => fields.iter().all(|(_, ty)| is_known(ty)),
        Type::Func(_) | Type::Variant | Type::Var(_) => false,
    }
}

/// The name of a function in a template, if it can be called there.
pub fn template_name(function: &FunctionDef) -> Option<String> {
    is_callable(function).then(|| name_of(function))
}

/// `net/http.response` is `net_http_response`, and `len` is `_len`.
fn name_of(function: &FunctionDef) -> String {
    format!("{}_{}", function.package.replace('/', "_"), function.name)
}

impl Library for Callable<'_> {
    fn find(&self, name: &str) -> Option<&FunctionDef> {
        FUNCTIONS.get(name)
    }

    fn call(&self, function: &FunctionDef, args: &[Value]) -> CallResult {
        match &function.implementation {
            Implementation::Pure(call) => call(args),
            Implementation::Typed(call) => match function.signature(args.len()) {
                Some(signature) => call(&signature.ty, args),
                None => Err(wrong_count(args.len())),
            },
            Implementation::Sampled(start) => {
                let mut live = self.live(function, args, start);
                let result = live.sampler.call(self.host, args);
                self.now.borrow_mut().push(live);
                result
            }
            Implementation::Graph(_) => Err(CallError::fatal(format!(
                "{} can not be called in a template",
                function.full_name()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{TestHost, call, call_on, caught, fatal, sample};
    use super::*;

    fn fields(fields: &[(&str, Value)]) -> Value {
        Value::Struct(
            fields
                .iter()
                .map(|(name, value)| (*name, value.clone()))
                .collect(),
        )
    }

    #[test]
    fn the_example_of_the_manual() {
        let template = "{{ range $i, $h := .Hosts -}}\n{{ if $i }},{{ end }}{{ strings_to_upper $h }}\n{{- end }} \
                        ttl={{ .Ttl }}{{/* done */}}";
        let vars = fields(&[
            ("hosts", Value::list(["a".into(), "b".into()])),
            ("ttl", 60.into()),
        ]);
        assert_eq!(
            call("golang.template", &[template.into(), vars]),
            Ok("A,B ttl=60".into())
        );
    }

    #[test]
    fn functions_see_the_machine() {
        let host = TestHost {
            env: vec![("A".to_owned(), "x".to_owned())],
            ..TestHost::default()
        };
        let template = r#"{{ sys_getenv "A" }} {{ datetime_print 0 }} {{ _concat "a" "b" }}"#;
        assert_eq!(
            call_on(&host, "golang.template", &[template.into()]),
            Ok("x 1970-01-01 00:00:00 +0000 UTC ab".into())
        );
    }

    #[test]
    fn errors_of_functions_keep_their_kind() {
        let caught_text = caught(call("golang.template", &[r#"{{ sys_getenv "A" }}"#.into()]));
        assert_eq!(
            caught_text,
            r#"template: execution error: template: template:1:3: executing "template" at <sys_getenv "A">: error calling sys_getenv: environment variable not set: A"#
        );
        let fatal_text = fatal(call("golang.template", &["{{ example_nothing }}".into()]));
        assert_eq!(
            fatal_text,
            r#"template: parse error: template: template:1: function "example_nothing" not defined"#
        );
        fatal(call("golang.template", &["{{ datetime_print -1 }}".into()]));
    }

    #[test]
    fn polymorphic_and_woken_functions_are_not_callable() {
        for name in [
            "_len",
            "_contains",
            "datetime_now",
            "fmt_printf",
            "golang_template",
            "iter_map",
        ] {
            assert!(!FUNCTIONS.contains_key(name), "{name}");
        }
        for name in [
            "_concat",
            "golang_path_filepath_base",
            "datetime_hour",
            "net_cidr_to_ip",
            "_panic_debug",
        ] {
            assert!(FUNCTIONS.contains_key(name), "{name}");
        }
    }

    /// The column T of functions.md §12 to §27. `iter_range` can be called, too.
    #[test]
    fn the_functions_of_the_specification_have_their_names() {
        const NAMED: &str = "
            math_minus1 math_pow math_sqrt
            net_cidr_to_first net_cidr_to_ip net_cidr_to_last net_cidr_to_mask net_cidr_to_network
            net_cidr_to_prefix net_ip_in_cidr net_is_mac net_macfmt net_oldmacfmt net_split_hostport
            net_url_parser
            os_args os_expand_home os_family os_home os_is_family_archlinux os_is_family_debian
            os_is_family_redhat os_is_virtual os_parse_distro_uid os_release os_uid
            regexp_match
            strings_contains strings_has_prefix strings_has_suffix strings_join_nonempty
            strings_left_pad strings_replace_all strings_right_pad strings_split strings_substr
            strings_to_lower strings_to_upper strings_trim_space
            sys_env sys_getenv sys_hasenv
            test_one_instance_b test_one_instance_d test_one_instance_f test_one_instance_h
            test_slow_string
            util_hostname_mapper
            embedded_provisioner_cli_arch embedded_provisioner_cli_password embedded_provisioner_check";
        for name in NAMED.split_whitespace() {
            assert!(FUNCTIONS.contains_key(name), "{name}");
        }
        const UNNAMED: &str = "
            iter_flatten list_concat list_lookup map_keys map_lookup map_values
            math_fortytwo math_mod
            net_interface_cidr net_macs net_wired_interface net_http_response
            os_file_exists os_modinfo_loaded os_readfile os_system os_user_exists
            sys_cpu_count sys_hostname sys_load sys_uptime sys_fwupd_reboot_needed
            value_get value_get_int world_getval world_collect_res";
        for name in UNNAMED.split_whitespace() {
            assert!(!FUNCTIONS.contains_key(name), "{name}");
        }
    }

    #[test]
    fn every_plain_function_has_its_name() {
        let known = "_concat _panic_debug convert_format_bool convert_int_to_str convert_parse_bool convert_str_to_float \
             convert_str_to_int convert_to_float convert_to_int datetime_format datetime_hour datetime_print \
             datetime_weekday deploy_binary_path deploy_bootstrap_packages encoding_base64_decode \
             encoding_base64_encode example_answer example_errorbool example_int2str example_plus example_str2int \
             example_nested_hello math_minus1 math_pow math_sqrt net_cidr_to_first net_cidr_to_ip \
             net_cidr_to_last net_cidr_to_mask net_cidr_to_network net_cidr_to_prefix net_ip_in_cidr net_is_mac \
             net_macfmt net_oldmacfmt net_split_hostport net_url_parser os_args os_expand_home os_family os_home \
             os_is_family_archlinux os_is_family_debian os_is_family_redhat os_is_virtual os_parse_distro_uid \
             os_release os_uid regexp_match strings_contains strings_has_prefix strings_has_suffix \
             strings_join_nonempty strings_left_pad strings_replace_all strings_right_pad strings_split \
             strings_substr strings_to_lower strings_to_upper strings_trim_space sys_env sys_getenv sys_hasenv \
             test_one_instance_b test_one_instance_d test_one_instance_f test_one_instance_h test_slow_string \
             util_hostname_mapper";
        for name in known.split_whitespace() {
            assert!(FUNCTIONS.contains_key(name), "{name}");
        }
        for function in super::super::all() {
            if function.full_name() != "golang.template" {
                let name = function.full_name().replace(['/', '.'], "_");
                assert_eq!(template_name(&function), Some(name));
            }
        }
        // None is lost to another of the same name.
        let callable = super::super::super::all();
        let callable = callable.iter().filter(|function| is_callable(function));
        assert_eq!(callable.count(), FUNCTIONS.len());
    }

    #[test]
    fn functions_take_what_the_language_has() {
        let map = Value::Map([("k".into(), "v".into())].into_iter().collect());
        let vars = fields(&[
            ("i", 7.into()),
            ("f", 1.5.into()),
            ("b", true.into()),
            ("l", Value::list(["a".into(), "b".into()])),
            ("none", Value::list([])),
            ("maps", Value::list([map])),
        ]);
        for (template, text) in [
            (
                "{{golang_strconv_itoa .I}} {{golang_strconv_itoa 0x1f}} {{golang_strconv_itoa 'a'}}",
                "7 31 97",
            ),
            (
                "{{golang_math_abs .F}} {{golang_math_abs -2}} {{golang_math_abs 1e3}}",
                "1.5 2 1000",
            ),
            (
                "{{golang_strconv_format_bool .B}} {{golang_strconv_format_bool false}}",
                "true false",
            ),
            (
                "{{golang_strings_join .L \"-\"}}{{golang_strings_join .None \"-\"}}",
                "a-b",
            ),
            ("{{(net_url_parser \"http://h/p?a=b\").Raw_query}}", "a=b"),
            ("{{len .L | golang_strconv_itoa}}", "2"),
            ("{{len .L | printf \"%d\" | golang_strconv_atoi}}", "2"),
        ] {
            let rendered = call("golang.template", &[template.into(), vars.clone()]);
            assert_eq!(rendered, Ok(text.into()), "{template}");
        }
        for (template, error) in [
            (
                "{{golang_math_abs .I}}",
                "wrong type for value; expected float; got int64",
            ),
            (
                "{{golang_strconv_itoa .F}}",
                "wrong type for value; expected int; got float64",
            ),
            ("{{golang_strconv_itoa 1.5}}", "expected integer; found 1.5"),
            ("{{golang_strings_to_upper 1}}", "expected str; found 1"),
            (
                "{{golang_strings_to_upper .L}}",
                "wrong type for value; expected str; got []string",
            ),
            (
                "{{golang_strings_join .I \"\"}}",
                "wrong type for value; expected []str; got int64",
            ),
            (
                "{{golang_strconv_itoa}}",
                "wrong number of args for golang_strconv_itoa: want 1 got 0",
            ),
            (
                "{{golang_strconv_itoa 1 2}}",
                "wrong number of args for golang_strconv_itoa: want 1 got 2",
            ),
        ] {
            let failed = fatal(call("golang.template", &[template.into(), vars.clone()]));
            assert!(failed.ends_with(error), "{template}: {failed}");
        }
    }

    #[test]
    fn an_error_of_a_function_stops_the_rendering() {
        for (template, name) in [
            ("{{golang_strconv_atoi \"x\"}}", "golang_strconv_atoi"),
            (
                "{{range golang_strings_to_upper \"a\" | printf \"%s\" | len}}{{convert_str_to_int \"\"}}{{end}}",
                "convert_str_to_int",
            ),
            (
                "{{define \"t\"}}{{convert_parse_bool .}}{{end}}{{template \"t\" \"x\"}}",
                "convert_parse_bool",
            ),
        ] {
            let error = caught(call("golang.template", &[template.into()]));
            assert!(
                error.contains(&format!("error calling {name}: ")),
                "{error}"
            );
        }
        for template in [
            "{{example_errorbool true}}",
            "{{golang_runtime_cpu_profile}}",
            "{{_panic_debug true \"why\"}}",
        ] {
            let error = fatal(call("golang.template", &[template.into()]));
            assert!(error.contains("error calling "), "{error}");
        }
    }

    #[test]
    fn what_a_function_keeps_stays_from_one_rendering_to_the_next() {
        let mut sampler = sample("golang.template");
        let mut render = |text: &str, n: i64| {
            let args = [text.into(), fields(&[("n", n.into())])];
            let rendered = sampler.call(&TestHost::default(), &args).unwrap();
            rendered.as_str().unwrap().to_string_lossy().into_owned()
        };
        let two = "{{_random1 .N}} {{_random1 .N}}";
        let first = render(two, 8);
        let (one, other) = first.split_once(' ').unwrap();
        assert_ne!(one, other);
        assert_eq!(render(two, 8), first);
        // So do those that stand in another text, but not those of other arguments.
        assert_eq!(render("{{_random1 .N}}!", 8), format!("{one}!"));
        assert_ne!(render(two, 9), first);
        assert_ne!(render(two, 8), first);
        let claims = "{{test_one_instance_a}}";
        assert_eq!(render(claims, 0), "hello");
        assert_eq!(render(claims, 0), "hello");
    }

    #[test]
    fn another_text_is_read_anew() {
        let mut sampler = sample("golang.template");
        for text in ["a", "a", "b"] {
            let rendered = sampler.call(&TestHost::default(), &[text.into()]);
            assert_eq!(rendered, Ok(text.into()));
        }
    }
}

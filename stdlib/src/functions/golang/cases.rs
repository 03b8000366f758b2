//! What each function gives for an ordinary call and at its edges. No pure function goes without.

use std::collections::BTreeMap;
use std::f64::consts::{E, FRAC_PI_2, FRAC_PI_3, FRAC_PI_4, FRAC_PI_6, LN_10, PI, SQRT_2};

use super::super::testing::call;
use crate::catalog::Purity;
use crate::value::Value;

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

/// A call, and what comes of it: a value, or an error with this text in it.
struct Case {
    name: String,
    args: Vec<Value>,
    expected: Result<Value, &'static str>,
}

/// `cases!["golang/strings": count("cheese", "e") => 3; repeat("a", -1) fails "negative"; ...]`
macro_rules! cases {
    ($package:literal: $($name:ident($($arg:expr),* $(,)?) $(=> $value:expr)? $(, fails $error:literal)?;)*) => {
        vec![$({
            let [expected] = [$(Ok(Value::from($value)),)? $(Err($error),)?];
            Case {
                name: format!("{}.{}", $package, stringify!($name)),
                args: vec![$(Value::from($arg)),*],
                expected,
            }
        }),*]
    };
}

fn list(items: &[&str]) -> Value {
    Value::list(items.iter().map(|item| Value::from(*item)))
}

fn raw(bytes: &[u8]) -> Value {
    Value::from(bytes.to_vec())
}

/// Floats may differ in the last digits, but not in their sign.
fn is_as_expected(found: &Value, expected: &Value) -> bool {
    match (found, expected) {
        (Value::Float(found), Value::Float(expected)) if expected.is_finite() => {
            (found - expected).abs() <= expected.abs() * 1e-14
                && found.is_sign_negative() == expected.is_sign_negative()
        }
        _ => found.to_string() == expected.to_string(),
    }
}

#[test]
fn calls_give_what_go_gives() {
    for Case {
        name,
        args,
        expected,
    } in all()
    {
        let found = call(&name, &args);
        let fits = match (&found, &expected) {
            (Ok(found), Ok(expected)) => is_as_expected(found, expected),
            (Err(error), Err(text)) => error.message.contains(text) && error.catchable,
            _ => false,
        };
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        assert!(
            fits,
            "{name}({}) is {found:?}, not {expected:?}",
            args.join(", ")
        );
    }
}

#[test]
fn every_pure_function_has_cases() {
    let mut counts = BTreeMap::<String, usize>::new();
    for case in all() {
        *counts.entry(case.name).or_default() += 1;
    }
    for function in super::all() {
        let name = function.full_name();
        let constant = function.signatures[0].ty.args.is_empty();
        let wanted = match function.purity {
            Purity::Pure if constant => 1,
            Purity::Pure => 2,
            _ => 0,
        };
        let found = counts.get(&name).copied().unwrap_or_default();
        assert!(found >= wanted, "{name} has {found} cases");
    }
}

fn all() -> Vec<Case> {
    [html(), math(), path(), filepath(), strconv(), strings()]
        .into_iter()
        .flatten()
        .collect()
}

fn html() -> Vec<Case> {
    cases! { "golang/html":
        escape_string("<a href=\"x\">'&'</a>") => "&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#39;&lt;/a&gt;";
        escape_string("é\0") => "é\0";
        escape_string(raw(b"\xff&")) => raw(b"\xff&amp;");
        escape_string("") => "";
        unescape_string("&lt;&eacute;&#65;&#x41;&#X41;") => "<éAAA";
        unescape_string("&notit; &notin; &amp;amp; &ampx") => "¬it; ∉ &amp; &x";
        unescape_string("&nosuch; & &; &# &#; &#x; &#xg;") => "&nosuch; & &; &# &#; &#x; &#xg;";
        unescape_string("&#0; &#xD800; &#x110000; &#128;") => "\u{fffd} \u{fffd} \u{fffd} €";
        unescape_string("&NotEqualTilde;&fjlig;") => "\u{2242}\u{338}fj";
        unescape_string("&LT&COPY") => "<©";
        unescape_string(raw(b"\xff&lt;")) => raw(b"\xff<");
    }
}

fn math() -> Vec<Case> {
    cases! { "golang/math":
        abs(-1.5) => 1.5;
        abs(-0.0) => 0.0;
        abs(-INF) => INF;
        acos(0.5) => FRAC_PI_3;
        acos(1.0) => 0.0;
        acos(1.1) => NAN;
        acosh(2.0) => 1.3169578969248166;
        acosh(0.5) => NAN;
        asin(0.5) => FRAC_PI_6;
        asin(-0.0) => -0.0;
        asin(-1.1) => NAN;
        asinh(1.0) => 0.881373587019543;
        asinh(-INF) => -INF;
        atan(1.0) => FRAC_PI_4;
        atan(-INF) => -FRAC_PI_2;
        atan_2(1.0, -1.0) => 2.356194490192345;
        atan_2(0.0, -0.0) => PI;
        atan_2(-0.0, -1.0) => -PI;
        atan_2(-0.0, 1.0) => -0.0;
        atan_2(INF, INF) => FRAC_PI_4;
        atan_2(NAN, 1.0) => NAN;
        atanh(0.5) => 0.5493061443340548;
        atanh(1.0) => INF;
        atanh(-1.0) => -INF;
        atanh(1.5) => NAN;
        cbrt(-27.0) => -3.0;
        cbrt(-0.0) => -0.0;
        ceil(1.2) => 2.0;
        ceil(-0.5) => -0.0;
        ceil(INF) => INF;
        copysign(3.0, -0.0) => -3.0;
        copysign(-INF, 1.0) => INF;
        cos(1.0) => 0.5403023058681398;
        cos(INF) => NAN;
        cosh(1.0) => 1.5430806348152437;
        cosh(-INF) => INF;
        dim(4.0, -2.0) => 6.0;
        dim(-2.0, 4.0) => 0.0;
        dim(INF, INF) => NAN;
        dim(1.0, NAN) => NAN;
        erf(0.5) => 0.5204998778130465;
        erf(-INF) => -1.0;
        erfc(0.5) => 0.4795001221869535;
        erfc(-INF) => 2.0;
        erfcinv(0.5) => 0.4769362762044699;
        erfcinv(0.0) => INF;
        erfcinv(2.0) => -INF;
        erfcinv(2.5) => NAN;
        erfinv(0.5) => 0.4769362762044699;
        erfinv(-1.0) => -INF;
        erfinv(1.5) => NAN;
        exp(1.0) => E;
        exp(710.0) => INF;
        exp(-INF) => 0.0;
        exp_2(0.5) => SQRT_2;
        exp_2(-1075.0) => 0.0;
        exp_2(1024.0) => INF;
        expm_1(1e-10) => 1.00000000005e-10;
        expm_1(-INF) => -1.0;
        expm_1(-0.0) => -0.0;
        fma(2.0, 3.0, 4.0) => 10.0;
        // The product alone would be rounded to 1.
        fma(1.0 + f64::EPSILON, 1.0 - f64::EPSILON, -1.0) => -4.930380657631324e-32;
        fma(INF, 0.0, 1.0) => NAN;
        floor(1.7) => 1.0;
        floor(-0.5) => -1.0;
        floor(-0.0) => -0.0;
        gamma(5.0) => 24.0;
        gamma(-2.0) => NAN;
        gamma(-0.0) => -INF;
        gamma(172.0) => INF;
        gamma(-INF) => NAN;
        hypot(3.0, -4.0) => 5.0;
        hypot(1e300, 1e300) => 1.4142135623730952e300;
        hypot(NAN, -INF) => INF;
        ilogb(8.0) => 3;
        ilogb(-0.75) => -1;
        ilogb(5e-324) => -1074;
        ilogb(0.0) => -2_147_483_648;
        ilogb(NAN) => 2_147_483_647;
        ilogb(-INF) => 2_147_483_647;
        inf(0) => INF;
        inf(-1) => -INF;
        is_inf(INF, 1) => true;
        is_inf(INF, -1) => false;
        is_inf(-INF, i64::MIN) => true;
        is_inf(-INF, 0) => true;
        is_inf(NAN, 0) => false;
        is_na_n(NAN) => true;
        is_na_n(INF) => false;
        j_0(1.0) => 0.7651976865579665;
        j_0(INF) => 0.0;
        j_1(1.0) => 0.44005058574493355;
        j_1(0.0) => 0.0;
        jn(2, 1.0) => 0.11490348493190047;
        jn(-3, 1.0) => -0.01956335398266841;
        jn(0, 0.0) => 1.0;
        jn(1_000_000, 1.0) => 0.0;
        jn(1_000_001, 1.0), fails "the order 1000001 is not one of -1000000 to 1000000";
        ldexp(0.5, 4) => 8.0;
        ldexp(1.0, i64::MAX) => INF;
        ldexp(-1.0, -1075) => -0.0;
        ldexp(0.0, 9) => 0.0;
        log(10.0) => LN_10;
        log(0.0) => -INF;
        log(-1.0) => NAN;
        log(5e-324) => -744.4400719213812;
        log_10(1000.0) => 3.0;
        log_10(-0.0) => -INF;
        log_1_p(1e-10) => 9.9999999995e-11;
        log_1_p(-1.0) => -INF;
        log_1_p(-2.0) => NAN;
        log_2(8.0) => 3.0;
        log_2(5e-324) => -1074.0;
        logb(-10.0) => 3.0;
        logb(0.0) => -INF;
        logb(-INF) => INF;
        logb(NAN) => NAN;
        max(1.0, 2.0) => 2.0;
        max(-0.0, 0.0) => 0.0;
        max(INF, NAN) => INF;
        max(NAN, -INF) => NAN;
        min(1.0, 2.0) => 1.0;
        min(0.0, -0.0) => -0.0;
        min(NAN, -INF) => -INF;
        min(INF, NAN) => NAN;
        mod(-7.0, 4.0) => -3.0;
        mod(-4.0, 2.0) => -0.0;
        mod(1.0, INF) => 1.0;
        mod(1.0, 0.0) => NAN;
        mod(INF, 1.0) => NAN;
        na_n() => NAN;
        nextafter(1.0, 2.0) => 1.0 + f64::EPSILON;
        nextafter(0.0, -1.0) => -5e-324;
        nextafter(f64::MAX, INF) => INF;
        nextafter(1.0, NAN) => NAN;
        pow(2.0, 0.5) => SQRT_2;
        pow(NAN, 0.0) => 1.0;
        pow(1.0, NAN) => 1.0;
        pow(-1.0, -INF) => 1.0;
        pow(-8.0, 0.5) => NAN;
        pow(-0.0, -3.0) => -INF;
        pow(0.5, INF) => 0.0;
        pow_10(2) => 100.0;
        pow_10(-323) => 1e-323;
        pow_10(-324) => 0.0;
        pow_10(i64::MAX) => INF;
        remainder(7.0, 4.0) => -1.0;
        remainder(6.0, 4.0) => -2.0;
        remainder(2.0, 4.0) => 2.0;
        remainder(1.0, 0.0) => NAN;
        round(2.5) => 3.0;
        round(-2.5) => -3.0;
        round(0.49999999999999994) => 0.0;
        round(-0.4) => -0.0;
        round_to_even(2.5) => 2.0;
        round_to_even(3.5) => 4.0;
        signbit(-1.0) => true;
        signbit(-0.0) => true;
        signbit(NAN.copysign(-1.0)) => true;
        sin(1.0) => 0.8414709848078965;
        sin(-0.0) => -0.0;
        sin(-INF) => NAN;
        sinh(1.0) => 1.1752011936438014;
        sinh(-INF) => -INF;
        sqrt(2.0) => SQRT_2;
        sqrt(-0.0) => -0.0;
        sqrt(-1.0) => NAN;
        tan(1.0) => 1.557407724654902;
        tan(INF) => NAN;
        tanh(1.0) => 0.7615941559557649;
        tanh(-INF) => -1.0;
        trunc(-1.7) => -1.0;
        trunc(-0.7) => -0.0;
        y_0(1.0) => 0.08825696421567697;
        y_0(0.0) => -INF;
        y_0(-1.0) => NAN;
        y_1(1.0) => -0.7812128213002887;
        y_1(0.0) => -INF;
        y_1(-1.0) => NAN;
        yn(2, 1.0) => -1.6506826068162546;
        yn(2, 0.0) => -INF;
        yn(-1, 0.0) => INF;
        yn(2, -1.0) => NAN;
        yn(i64::MIN, 1.0), fails "is not one of -1000000 to 1000000";
    }
}

fn path() -> Vec<Case> {
    cases! { "golang/path":
        base("/a/b//") => "b";
        base("") => ".";
        base("///") => "/";
        base("a/..") => "..";
        clean("a//b/./c/..") => "a/b";
        clean("/../a") => "/a";
        clean("../../a/..") => "../..";
        clean("") => ".";
        dir("/a/b") => "/a";
        dir("") => ".";
        dir("a/b/") => "a/b";
        dir("/a") => "/";
        ext("a.b/c.tar.gz") => ".gz";
        ext("a.b/c") => "";
        ext(".profile") => ".profile";
        ext("a.") => ".";
        is_abs("/") => true;
        is_abs("") => false;
        join(list(&["a", "b", "../c"])) => "a/c";
        join(list(&["", ""])) => "";
        join(list(&[])) => "";
        join(list(&["/", "../a"])) => "/a";
        match("*.go", "a.go") => true;
        match("*", "a/b") => false;
        match("?/[^a-c]", "é/d") => true;
        match("a*b*c", "axbyc") => true;
        match("\\*", "*") => true;
        match("", "") => true;
        match("a*b*c", "axbyd") => false;
        match("[", "a"), fails "syntax error in pattern";
        match("b[]a]", "a"), fails "syntax error in pattern";
        match("a\\", "a"), fails "syntax error in pattern";
    }
}

fn filepath() -> Vec<Case> {
    cases! { "golang/path/filepath":
        base("/a/b//") => "b";
        base("") => ".";
        clean("a/../..") => "..";
        clean("") => ".";
        dir("a") => ".";
        dir("/a//b") => "/a";
        ext("a.tar.gz") => ".gz";
        ext("a.d/b") => "";
        from_slash("a//b\\c") => "a//b\\c";
        from_slash("") => "";
        has_prefix("/usr/bin", "/us") => true;
        has_prefix("a", "") => true;
        has_prefix("", "a") => false;
        is_abs("a/b") => false;
        is_abs("//a") => true;
        is_local("a/../b") => true;
        is_local(".") => true;
        is_local("") => false;
        is_local("/a") => false;
        is_local("a/../../b") => false;
        join(list(&["a", "", "/b/"])) => "a/b";
        join(list(&[""])) => "";
        localize("a/b.c") => "a/b.c";
        localize(".") => ".";
        localize("a\0b"), fails "invalid path";
        localize("a/../b"), fails "invalid path";
        localize("/a"), fails "invalid path";
        localize("a/"), fails "invalid path";
        localize(""), fails "invalid path";
        localize(raw(b"\xff")), fails "invalid path";
        match("a?", "ab") => true;
        match("a?", "a/") => false;
        match("[a-", "a"), fails "syntax error in pattern";
        rel("/a/b", "/a/c/d") => "../c/d";
        rel("a", "a") => ".";
        rel("", "a/../b") => "b";
        rel("../a", "../b") => "../b";
        rel("/a", "b"), fails "Rel: can't make b relative to /a";
        rel("../a", "b"), fails "Rel: can't make b relative to ../a";
        to_slash("a\\b") => "a\\b";
        to_slash("") => "";
        volume_name("C:\\a") => "";
        volume_name("") => "";
    }
}

fn strconv() -> Vec<Case> {
    cases! { "golang/strconv":
        append_bool("a", true) => "atrue";
        append_bool("", false) => "false";
        append_int("0x", 255, 16) => "0xff";
        append_int("", i64::MIN, 2) => format!("-1{}", "0".repeat(63));
        append_int("", 1, 37), fails "base 37 is not one of 2 to 36";
        append_quote("a", "b\n") => "a\"b\\n\"";
        append_quote(raw(b"\xff"), raw(b"\xff")) => raw(b"\xff\"\\xff\"");
        append_quote_to_ascii("a", "é😀") => "a\"\\u00e9\\U0001f600\"";
        append_quote_to_ascii("", "") => "\"\"";
        append_quote_to_graphic("a", "\u{3000}\u{200b}") => "a\"\u{3000}\\u200b\"";
        append_quote_to_graphic("", "\t") => "\"\\t\"";
        atoi("-42") => -42;
        atoi("+0") => 0;
        atoi("9223372036854775808"), fails "strconv.Atoi: parsing \"9223372036854775808\": value out of range";
        atoi("0x1"), fails "strconv.Atoi: parsing \"0x1\": invalid syntax";
        atoi(""), fails "strconv.Atoi: parsing \"\": invalid syntax";
        can_backquote("a\té") => true;
        can_backquote("") => true;
        can_backquote("`") => false;
        can_backquote("a\u{feff}") => false;
        can_backquote("\u{7f}") => false;
        can_backquote(raw(b"\xff")) => false;
        format_bool(true) => "true";
        format_bool(false) => "false";
        format_int(-255, 16) => "-ff";
        format_int(i64::MIN, 36) => "-1y2p0ij32e8e8";
        format_int(0, 2) => "0";
        format_int(1, 1), fails "base 1 is not one of 2 to 36";
        itoa(i64::MIN) => "-9223372036854775808";
        itoa(0) => "0";
        parse_bool("T") => true;
        parse_bool("0") => false;
        parse_bool("yes"), fails "strconv.ParseBool: parsing \"yes\": invalid syntax";
        parse_float("1_0.5e1", 64) => 105.0;
        parse_float("0.1", 32) => f64::from(0.1f32);
        parse_float("0x1p-1074", 64) => 5e-324;
        parse_float("-inf", 32) => -INF;
        parse_float("1e-400", 64) => 0.0;
        parse_float("-0", 64) => -0.0;
        parse_float("1e39", 32), fails "strconv.ParseFloat: parsing \"1e39\": value out of range";
        parse_float("1e309", 64), fails "value out of range";
        parse_float("1_e5", 64), fails "strconv.ParseFloat: parsing \"1_e5\": invalid syntax";
        parse_float(" 1", 64), fails "invalid syntax";
        parse_int("-0b101", 0, 0) => -5;
        parse_int("zz", 36, 64) => 1295;
        parse_int("-128", 10, 8) => -128;
        parse_int("0_17", 0, 64) => 15;
        parse_int("128", 10, 8), fails "strconv.ParseInt: parsing \"128\": value out of range";
        parse_int("1_0", 10, 64), fails "invalid syntax";
        parse_int("9", 8, 64), fails "invalid syntax";
        parse_int("1", 1, 64), fails "strconv.ParseInt: parsing \"1\": invalid base 1";
        parse_int("1", 10, 65), fails "strconv.ParseInt: parsing \"1\": invalid bit size 65";
        quote("a\"\\\u{7}é\u{a0}") => "\"a\\\"\\\\\\aé\\u00a0\"";
        quote(raw(b"\xe2\x82\x00")) => "\"\\xe2\\x82\\x00\"";
        quote_to_ascii("é") => "\"\\u00e9\"";
        quote_to_ascii("\u{fffd}") => "\"\\ufffd\"";
        quote_to_graphic("\u{a0}") => "\"\u{a0}\"";
        quote_to_graphic("\u{feff}") => "\"\\ufeff\"";
        quoted_prefix("\"a\\\"b\"c") => "\"a\\\"b\"";
        quoted_prefix("`a`b`") => "`a`";
        quoted_prefix("'a'b") => "'a'";
        quoted_prefix("a\"b\""), fails "invalid syntax";
        quoted_prefix("'ab'"), fails "invalid syntax";
        quoted_prefix(""), fails "invalid syntax";
        unquote("\"\\u00e9\\x41\\101\"") => "éAA";
        unquote("`a\\n`") => "a\\n";
        unquote("'\\''") => "'";
        unquote("\"a\"b"), fails "invalid syntax";
        unquote("'ab'"), fails "invalid syntax";
        unquote("\"\\ud800\""), fails "invalid syntax";
        unquote("\"'\\'\""), fails "invalid syntax";
        unquote("a"), fails "invalid syntax";
    }
}

fn strings() -> Vec<Case> {
    cases! { "golang/strings":
        clone("a") => "a";
        clone(raw(b"\xff")) => raw(b"\xff");
        compare("a", "b") => -1;
        compare("b", "a") => 1;
        compare("", "") => 0;
        compare("é", "z") => 1;
        contains("abc", "bc") => true;
        contains("", "") => true;
        contains("", "a") => false;
        contains_any("abc", "xé") => false;
        contains_any("aé", "xé") => true;
        contains_any("abc", "") => false;
        contains_any(raw(b"\xff"), "\u{fffd}") => true;
        count("cheese", "e") => 3;
        count("aaaa", "aa") => 2;
        count("aé", "") => 3;
        count(raw(b"\xe2\x82"), "") => 3;
        count("", "") => 1;
        equal_fold("Go", "GO") => true;
        equal_fold("σΣς", "ΣΣΣ") => true;
        equal_fold("K", "\u{212a}") => true;
        equal_fold("ß", "ss") => false;
        equal_fold("I", "ı") => false;
        has_prefix("abc", "ab") => true;
        has_prefix("", "") => true;
        has_prefix("a", "ab") => false;
        has_suffix("abc", "bc") => true;
        has_suffix("abc", "") => true;
        has_suffix("c", "bc") => false;
        index("éken", "ken") => 2;
        index("a", "b") => -1;
        index("a", "") => 0;
        index_any("golang", "ny") => 4;
        index_any("éa", "a") => 2;
        index_any("a", "") => -1;
        join(list(&["a", "b"]), ", ") => "a, b";
        join(list(&[]), ",") => "";
        join(list(&["", ""]), ",") => ",";
        last_index("go gopher", "go") => 3;
        last_index("go", "rodent") => -1;
        last_index("go", "") => 2;
        last_index_any("goégo", "éo") => 5;
        last_index_any("go", "x") => -1;
        last_index_any(raw(b"a\xe2\x82"), "\u{fffd}") => 2;
        repeat("ab", 2) => "abab";
        repeat("", i64::MAX) => "";
        repeat("a", 0) => "";
        repeat("a", -1), fails "negative";
        repeat("ab", i64::MAX), fails "too long";
        replace("oink oink oink", "k", "ky", 2) => "oinky oinky oink";
        replace("aé", "", "-", -1) => "-a-é-";
        replace("aé", "", "-", 2) => "-a-é";
        replace("a", "a", "b", 0) => "a";
        replace("aaa", "aa", "b", -1) => "ba";
        replace_all("oink oink", "oink", "moo") => "moo moo";
        replace_all("", "", "-") => "-";
        replace_all(raw(b"\xff\xff"), raw(b"\xff"), "") => "";
        title("her royal-highness o'neil x_y 2nd") => "Her Royal-Highness O'Neil X_y 2nd";
        title("a\u{2003}b éa ǆ") => "A\u{2003}B Éa ǅ";
        title("") => "";
        to_lower("ÀİΣ") => "àiσ";
        to_lower(raw(b"A\xff")) => "a\u{fffd}";
        to_title("ǆßa") => "ǅßA";
        to_title("") => "";
        to_upper("àßıǆ") => "ÀßIǄ";
        to_upper(raw(b"a\xe2\x82")) => "A\u{fffd}\u{fffd}";
        to_valid_utf_8(raw(b"a\xff\xfeb\xff"), "?") => "a?b?";
        to_valid_utf_8(raw(b"\xe2\x82"), "") => "";
        to_valid_utf_8("\u{fffd}", "?") => "\u{fffd}";
        trim("¡¡a!¡", "!¡") => "a";
        trim("a", "") => "a";
        trim("aaa", "a") => "";
        trim_left("éxé", "é") => "xé";
        trim_left("", "a") => "";
        trim_prefix("aab", "a") => "ab";
        trim_prefix("b", "a") => "b";
        trim_prefix("a", "") => "a";
        trim_right("éxé", "é") => "éx";
        trim_right(raw(b"a\xe2\x82"), "\u{fffd}") => "a";
        trim_space("\u{85}\u{a0}\t\n a b\u{3000}") => "a b";
        trim_space("\u{200b}") => "\u{200b}";
        trim_space(" ") => "";
        trim_suffix("a.go.go", ".go") => "a.go";
        trim_suffix("go", "o.go") => "go";
    }
}

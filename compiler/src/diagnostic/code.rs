//! The codes of all diagnostics: one table, and a page of explanation for each in `codes/`.
//!
//! To add one: a line below, and `codes/<code>.md` with a wrong and a right example. Numbers are never
//! reused. The hundreds follow the compiler: 1 text, 2 single statements, 3 names, 4 types, 5 edges,
//! 6 running, 7 resources, 8 warnings, 9 files.

use std::fmt;

use serde::{Serialize, Serializer};

/// A stable code: `E0101`, or `W0801` for a warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(&'static str);

/// What `mgmtc explain` knows about a code.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// The code.
    pub code: Code,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// What it means, with a wrong and a right example, in Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($number:ident $name:ident $title:literal)*) => {
        impl Code {
            $(
                #[doc = $title]
                pub const $name: Self = Self(stringify!($number));
            )*
        }

        /// All codes, in order.
        pub const EXPLANATIONS: &[Explanation] = &[
            $(Explanation {
                code: Code::$name,
                title: $title,
                page: include_str!(concat!("codes/", stringify!($number), ".md")),
            },)*
        ];
    };
}

codes! {
    E0101 UNRECOGNIZED_CHARACTER "a character that has no meaning here"
    E0102 CARRIAGE_RETURN "a carriage return in the text"
    E0103 UNTERMINATED_STRING "a string without its closing quote"
    E0104 INTEGER_OVERFLOW "an integer that does not fit 64 bits"
    E0105 FLOAT_OVERFLOW "a float that is too large"
    E0106 UNEXPECTED_TOKEN "something that can not stand here"
    E0107 UNCLOSED_BRACKET "a bracket that is never closed"
    E0108 MISSING_COMMA "a missing comma"
    E0109 ADDITIONAL_EQUALS "`==` where a variable is bound"
    E0110 NOT_META "a capitalized entry that is neither an edge nor `Meta`"
    E0111 NESTED_TOO_DEEPLY "text that is nested too deeply"
    E0112 ANNOTATED_LITERAL "a literal that contradicts its annotation"
    E0113 DUPLICATE_TYPE_FIELD "a struct type with the same field twice"
    E0114 DUPLICATE_TYPE_ARGUMENT "a function type with the same argument twice"
    E0115 DUPLICATE_PARAMETER "the same parameter twice"
    E0116 CHAINED_COMPARISON "a comparison of a comparison"
    E0117 RESERVED_WORD "a reserved word used as a name"
    E0118 ELSE_IF "an `else if`"
    E0119 MISSING_ELSE "an `if` expression without `else`"
    E0120 MISSING_NEWLINE "two statements on one line"
    E0121 LINE_BREAK "a line that ends too early or too late"
    E0122 TRAILING_COMMA "a comma that separates nothing"
    E0123 SIGN "a minus that is neither an operator nor a sign"
    E0124 MISSING_NAME "a resource without a name expression"
    E0125 UNOPENED_BRACKET "a bracket that closes nothing"

    E0201 DUPLICATE_FIELD "a resource with the same parameter twice"
    E0202 DUPLICATE_META "a resource with the same meta parameter twice"
    E0203 UNKNOWN_EDGE_PROPERTY "an edge that is not one of the four"
    E0204 UNKNOWN_META "an unknown meta parameter"
    E0205 KIND_UNDERSCORE "a resource kind that begins with an underscore"
    E0206 MAP_KEY_TYPES "map keys of different types"
    E0207 UNHASHABLE_KEY "a map key of a type that can not be one"
    E0208 DUPLICATE_MAP_KEY "a map with the same key twice"
    E0209 DUPLICATE_STRUCT_FIELD "a struct with the same field twice"
    E0210 IMPORT_IN_LOOP "an import in a loop"
    E0211 BAD_VARIABLE_NAME "a name that no variable can have"
    E0212 EMPTY_IMPORT "an import of nothing"
    E0213 UNKNOWN_ESCAPE "an unknown escape sequence"
    E0214 BAD_INTERPOLATION "a `${` that is not followed by a name and `}`"

    E0301 UNKNOWN_VARIABLE "an unknown variable"
    E0302 UNKNOWN_FUNCTION "an unknown function"
    E0303 UNKNOWN_LAMBDA "a call of an unknown variable"
    E0304 UNKNOWN_CLASS "an unknown class"
    E0305 CLASS_ARGUMENT_COUNT "a class included with the wrong number of arguments"
    E0306 DUPLICATE_CLASS "two classes of one name"
    E0307 DUPLICATE_DEFINITION "two definitions of one name"
    E0308 RECURSION "a definition that needs itself"
    E0309 DUPLICATE_IMPORT "the same import twice"
    E0310 IMPORT_ALIAS_TAKEN "two imports of one alias"
    E0311 INVALID_IMPORT_NAME "an import of a name that can not be one"
    E0312 UNKNOWN_PACKAGE "an import of an unknown package"
    E0313 UNREADABLE_IMPORT "an import that can not be read"
    E0314 CYCLIC_IMPORT "modules that import each other"
    E0315 MODULE_STATEMENT "a module that does more than define"
    E0316 IMPORT_COLLISION "imports that define the same name"

    E0401 TYPE_MISMATCH "types that do not fit together"
    E0402 ARGUMENT_COUNT "a call with the wrong number of arguments"
    E0403 TOO_MANY_ARGUMENTS "more arguments than the function has"
    E0404 INFINITE_TYPE "a type that would contain itself"
    E0405 AMBIGUOUS_TYPE "a type that nothing decides"
    E0406 NOT_A_FUNCTION "a call of something that is no function"
    E0407 UNKNOWN_STRUCT_FIELD "a struct without that field"
    E0408 STRUCT_SHAPE "structs with different fields"
    E0409 UNSUPPORTED_OPERAND "an operator that does not work on this type"
    E0410 PRINTF_FORMAT "a format that can not be read"
    E0411 PRINTF_COUNT "a format with more or fewer verbs than arguments"
    E0412 PRINTF_TYPE "an argument that does not fit its verb"
    E0413 PRINTF_NOT_STATIC "a format that is not known before the program runs"
    E0414 LOOKUP_BASE "a lookup in something that is neither list nor map"
    E0415 BOUND_NOT_SATISFIED "a type that the function does not take"
    E0416 UNKNOWN_PARAMETER "a resource kind without that parameter"
    E0417 UNKNOWN_KIND "an unknown resource kind"
    E0418 NAME_TYPE "a resource name that is not known to be a string"
    E0419 TYPE_TEXT "a text that is not a type"

    E0501 EDGE_ONE_HALF "an edge with only one end"
    E0502 CANNOT_SEND "a kind that sends nothing"
    E0503 CANNOT_RECEIVE "a kind that receives nothing"
    E0504 INCOMPATIBLE_SEND "a sent value that does not fit the receiver"
    E0505 META_SET_TWICE "a meta parameter set by a struct and once more"

    E0601 RUNTIME_ERROR "an error while the program ran"
    E0602 PANIC "a panic"

    E0701 VALUE_DOES_NOT_FIT "a value that does not fit the parameter"
    E0702 INVALID_RESOURCE "a resource that its kind refuses"
    E0703 INVALID_META "a meta parameter out of range"
    E0704 DUPLICATE_RESOURCE "two resources of one name that differ"
    E0705 INCOMPATIBLE_DUPLICATE "two resources of one name that can not be merged"
    E0706 MISSING_EDGE_END "an edge to a resource that does not exist"
    E0707 DUPLICATE_RECEIVE "a parameter with two senders"
    E0708 SEND_FROM_HIDDEN "a hidden resource that sends"
    E0709 RESOURCE_CYCLE "resources that wait for each other"
    E0710 EMPTY_NAME "a resource without a name"
    E0711 DOLLAR_NAME "a resource whose name begins with `$`"
    E0712 DUPLICATE_EXPORT "two exports of one name that differ"
    E0713 INVALID_COLLECT "a name that can not be collected"
    E0714 NOT_IMPLEMENTED "a kind that this version can not run"
    E0715 REVERSED_PART "`Meta:reverse` of a part of another resource"

    W0801 UNUSED_VARIABLE "a variable that nothing uses"
    W0802 UNUSED_FUNCTION "a function that nothing calls"
    W0803 UNUSED_CLASS "a class that nothing includes"
    W0804 UNUSED_IMPORT "an import that nothing uses"
    W0805 LITERAL_DOLLAR "a `$name` in a string that is not replaced"
    W0806 NO_EFFECT_YET "something that has no effect in this version"
    W0807 IGNORED_META "a meta parameter of a part of another resource"

    E0901 UNREADABLE_FILE "a file that can not be read"
    E0902 NOT_UTF8 "a file that is not UTF-8"
    E0903 NO_ENTRY_FILE "a directory without a program"
    E0904 BAD_METADATA "a `metadata.yaml` that can not be used"
    E0905 FILE_TOO_LARGE "a file that is too large"
    E0906 YAML_GRAPH "a YAML graph that can not be used"
}

impl Code {
    /// The code with that text; upper and lower case are alike.
    pub fn find(text: &str) -> Option<&'static Explanation> {
        EXPLANATIONS
            .iter()
            .find(|explanation| explanation.code.0.eq_ignore_ascii_case(text))
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// What is wrong, in a few words.
    pub fn title(self) -> &'static str {
        Self::find(self.0).map_or("", |explanation| explanation.title)
    }
}

impl Code {
    /// Whether it says that nothing uses something.
    pub fn is_unused(self) -> bool {
        [
            Self::UNUSED_VARIABLE,
            Self::UNUSED_FUNCTION,
            Self::UNUSED_CLASS,
            Self::UNUSED_IMPORT,
        ]
        .contains(&self)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl Explanation {
    /// The examples of one sort on the page: the texts between fences marked `mcl wrong`, `mcl right`, or, if
    /// they are no programs that stand alone, `text wrong` and `text right`.
    pub fn examples(&self, sort: &str) -> Vec<String> {
        let mut examples = Vec::new();
        let mut lines = self.page.lines();
        while let Some(line) = lines.next() {
            if line.strip_prefix("```") == Some(sort) {
                let text: String = lines
                    .by_ref()
                    .take_while(|line| *line != "```")
                    .flat_map(|line| [line, "\n"])
                    .collect();
                examples.push(text);
            }
        }
        examples
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn numbers_and_titles_are_unique() {
        let codes: BTreeSet<_> = EXPLANATIONS.iter().map(|e| e.code).collect();
        assert_eq!(codes.len(), EXPLANATIONS.len());
        let titles: BTreeSet<_> = EXPLANATIONS.iter().map(|e| e.title).collect();
        assert_eq!(titles.len(), EXPLANATIONS.len());
    }

    #[test]
    fn every_page_explains_and_shows_both_examples() {
        for explanation in EXPLANATIONS {
            let code = explanation.code;
            assert!(!explanation.page.starts_with("```"), "{code}");
            for sort in ["wrong", "right"] {
                let examples = ["mcl", "text"].map(|language| format!("{language} {sort}"));
                let examples = examples.iter().flat_map(|sort| explanation.examples(sort));
                assert_ne!(examples.count(), 0, "{code}: {sort}");
            }
        }
    }

    #[test]
    #[allow(
        clippy::disallowed_methods,
        reason = "the test compares the folder with the table"
    )]
    fn every_page_has_a_code() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/diagnostic/codes");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let code = name.strip_suffix(".md").unwrap();
            assert!(Code::find(code).is_some(), "{name}");
        }
    }

    #[test]
    fn is_found_in_either_case() {
        assert_eq!(Code::find("e0301").unwrap().code, Code::UNKNOWN_VARIABLE);
        assert!(Code::find("E9999").is_none());
    }
}

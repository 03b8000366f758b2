//! `test`: a parameter of every type (resources-host.md §20, typing-and-evaluation.md §9.4).

use std::collections::BTreeMap;

use crate::param::Given;
use crate::resource::{Invalid, ParamStruct, Params, Validate};
use crate::value::{Func, Value};

/// Has a parameter of every type, for tests of the language and of the engine; it never touches the
/// system.
///
/// ```mcl
/// test "t1" {
///     anotherstr => "hello",
///     mapintfloat => {1 => 0.5},
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(
    kind = "test",
    refreshable,
    receives,
    groupable,
    compare = Test::compare_fails,
    sends(
        /// The value of `sendvalue`; undefined before the first run.
        hello: Option<String>,
        /// Always 42; -1 before the first run.
        answer: i64,
    )
)]
pub struct Test {
    /// A boolean.
    pub bool: bool,
    /// A text.
    pub str: String,
    /// A signed number of 64 bits.
    pub int: i64,
    /// A signed number of 8 bits.
    pub int8: i8,
    /// A signed number of 16 bits.
    pub int16: i16,
    /// A signed number of 32 bits.
    pub int32: i32,
    /// A signed number of 64 bits.
    pub int64: i64,
    /// An unsigned number of 64 bits.
    pub uint: u64,
    /// An unsigned number of 8 bits.
    pub uint8: u8,
    /// An unsigned number of 16 bits.
    pub uint16: u16,
    /// An unsigned number of 32 bits.
    pub uint32: u32,
    /// An unsigned number of 64 bits.
    pub uint64: u64,
    /// An unsigned number of 8 bits.
    pub byte: u8,
    /// A signed number of 32 bits.
    pub rune: i32,
    /// A float of 32 bits.
    pub float32: f32,
    /// A float of 64 bits.
    pub float64: f64,
    /// A boolean that can be undefined.
    #[param(dump = "BoolPtr")]
    pub boolptr: Option<bool>,
    /// A text that can be undefined.
    #[param(dump = "StringPtr")]
    pub stringptr: Option<String>,
    /// A signed number of 64 bits that can be undefined.
    #[param(dump = "Int64Ptr")]
    pub int64ptr: Option<i64>,
    /// A signed number of 8 bits that can be undefined.
    #[param(dump = "Int8Ptr")]
    pub int8ptr: Option<i8>,
    /// An unsigned number of 8 bits that can be undefined.
    #[param(dump = "Uint8Ptr")]
    pub uint8ptr: Option<u8>,
    /// A signed number of 8 bits that can be undefined.
    #[param(dump = "Int8PtrPtrPtr")]
    pub int8ptrptrptr: Option<i8>,
    /// A list.
    #[param(dump = "SliceString")]
    pub slicestring: Given<Vec<String>>,
    /// A map.
    #[param(dump = "MapIntFloat")]
    pub mapintfloat: Given<BTreeMap<i64, f64>>,
    /// A struct.
    #[param(dump = "MixedStruct")]
    pub mixedstruct: MixedStruct,
    /// A value of any type.
    pub interface: Option<Value>,
    /// Another text.
    #[param(dump = "AnotherStr")]
    pub anotherstr: String,
    /// A function; it is called with 42.
    #[param(func = "func(int) str")]
    pub func1: Option<Func>,
    /// Refuse this resource.
    #[param(dump = "ValidateBool")]
    pub validatebool: bool,
    /// Refuse this resource with this text, if there is one.
    #[param(dump = "ValidateError")]
    pub validateerror: String,
    /// Let others of this kind run as a part of this one.
    #[param(dump = "AlwaysGroup")]
    pub alwaysgroup: bool,
    /// Be equal to no other resource.
    #[param(dump = "CompareFail")]
    pub comparefail: bool,
    /// What is sent as `hello`.
    #[param(dump = "SendValue")]
    pub sendvalue: String,
    /// The names of the parameters that must have been received; others are an error.
    #[param(dump = "ExpectRecv")]
    pub expectrecv: Option<Vec<String>>,
    /// Log only the parameters of these dump names; all if the list is empty.
    #[param(dump = "OnlyShow")]
    pub onlyshow: Given<Vec<String>>,
    /// Milliseconds to wait before failing; 0 or less does not fail.
    #[param(dump = "WaitForError")]
    pub waitforerror: i64,
    /// A remark for the reader of the program.
    pub comment: String,
}

/// A struct with a field of every simple type.
#[derive(Clone, Debug, Default, PartialEq, ParamStruct)]
pub struct MixedStruct {
    /// A boolean.
    pub somebool: bool,
    /// A text.
    pub somestr: String,
    /// A number.
    pub someint: i64,
    /// A float.
    pub somefloat: f64,
}

impl Test {
    fn compare_fails(&self, other: &Self) -> Option<String> {
        (self.comparefail || other.comparefail).then(|| "the CompareFail differs".to_owned())
    }
}

impl Validate for Test {
    fn validate(&self, _name: &str) -> Result<(), Invalid> {
        if self.validatebool {
            return Err(Invalid::resource("the validate param was set to true"));
        }
        if !self.validateerror.is_empty() {
            return Err(Invalid::resource(&self.validateerror));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::{Declare, SetError};
    use crate::types::Type;

    #[test]
    fn every_type_has_its_mcl_type() {
        let def = Test::declare();
        let mcl = |name: &str| def.param(name).unwrap().ty.mcl();
        assert_eq!(mcl("byte"), Some(Type::Int));
        assert_eq!(mcl("int8ptrptrptr"), Some(Type::Int));
        assert_eq!(mcl("slicestring"), Some(Type::list(Type::Str)));
        assert_eq!(mcl("mapintfloat"), Some(Type::map(Type::Int, Type::Float)));
        assert_eq!(mcl("interface"), None);
        assert_eq!(
            mcl("mixedstruct").unwrap().to_string(),
            "struct{somebool bool; somestr str; someint int; somefloat float}"
        );
        assert_eq!(mcl("func1"), Some(Type::func([("", Type::Int)], Type::Str)));
        assert_eq!(def.param("func1").unwrap().dump_name, "Func1");
        assert_eq!(def.param("uint16").unwrap().dump_name, "Uint16");
    }

    #[test]
    fn numbers_are_checked_by_width() {
        let mut test = Test::default();
        let mut misfit =
            |param: &str, value: Value| test.set(param, &value).unwrap_err().to_string();
        assert_eq!(
            misfit("int8", Value::Int(200)),
            "200 is above 127, the greatest number it takes"
        );
        assert_eq!(
            misfit("uint", Value::Int(-1)),
            "-1 is below 0, the least number it takes"
        );
        assert_eq!(
            misfit("int8ptr", Value::Int(-129)),
            "-129 is below -128, the least number it takes"
        );
        assert_eq!(
            misfit("float32", Value::Float(1e39)),
            "1e39 is too large for a float of 32 bits"
        );
        assert_eq!(
            test.set("nothing", &Value::Int(1)),
            Err(SetError::Unknown("nothing".to_owned()))
        );
    }

    #[test]
    fn what_was_given_is_not_zero() {
        let mut test = Test::default();
        for param in [
            "boolptr",
            "slicestring",
            "mapintfloat",
            "mixedstruct",
            "interface",
        ] {
            assert!(test.is_zero(param), "{param}");
        }
        test.set("boolptr", &Value::Bool(false)).unwrap();
        test.set("slicestring", &Value::list([])).unwrap();
        test.set("mapintfloat", &Value::Map([].into_iter().collect()))
            .unwrap();
        for param in ["boolptr", "slicestring", "mapintfloat"] {
            assert!(!test.is_zero(param), "{param}");
        }
        test.set("bool", &Value::Bool(false)).unwrap();
        assert!(test.is_zero("bool"));
    }

    #[test]
    fn structs_travel_both_ways() {
        let value = Value::Struct(
            [
                ("somebool", Value::Bool(true)),
                ("somestr", Value::from("x")),
                ("someint", Value::Int(3)),
                ("somefloat", Value::Float(0.5)),
            ]
            .into_iter()
            .collect(),
        );
        let mut test = Test::default();
        test.set("mixedstruct", &value).unwrap();
        assert_eq!(test.mixedstruct.somestr, "x");
        assert_eq!(test.get("mixedstruct"), Some(value));
        let short = Value::Struct([("somebool", Value::Bool(true))].into_iter().collect());
        assert_eq!(
            test.set("mixedstruct", &short).unwrap_err().to_string(),
            "the struct has no field `somestr`"
        );
    }

    #[test]
    fn validation_fails_when_told() {
        let refused = Test {
            validateerror: "no way".to_owned(),
            ..Test::default()
        };
        assert_eq!(refused.validate("t").unwrap_err().to_string(), "no way");
        let refused = Test {
            validatebool: true,
            ..Test::default()
        };
        assert!(refused.validate("t").is_err());
    }

    #[test]
    fn comparison_fails_when_told() {
        let test = Test::default();
        assert_eq!(test.differs(&Test::default()), None);
        let fails = Test {
            comparefail: true,
            ..Test::default()
        };
        assert!(fails.differs(&fails).is_some());
        let other = Test {
            anotherstr: "x".to_owned(),
            ..Test::default()
        };
        assert_eq!(
            test.differs(&other).as_deref(),
            Some("the AnotherStr differs")
        );
    }
}

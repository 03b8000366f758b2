//! `gsettings`: a setting of a user's desktop (resources-host.md §32).

use crate::resource::check::one_of;
use crate::resource::{Invalid, Params, Validate};
use crate::types::Type;
use crate::value::Value;

/// Sets a setting of a user's desktop.
///
/// The name can be the schema and the key with a blank between them.
///
/// ```mcl
/// gsettings "org.gnome.desktop.interface clock-show-seconds" {
///     type => "bool",
///     value => true,
///     user => "alice",
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Params)]
#[resource(kind = "gsettings", edgeable)]
pub struct Gsettings {
    /// The schema, with `:` and a path if it is a relocatable one.
    pub schema: String,
    /// The key.
    pub key: String,
    /// The type of the value: `bool`, `str`, `int`, or `custom` for text in the notation of GVariant; must be
    /// given.
    pub r#type: String,
    /// The value; must be given.
    pub value: Option<Value>,
    /// Whose setting it is; that of the user who runs the agent if it is left out.
    pub user: String,
    /// The group that the tool runs as.
    pub group: String,
}

impl Gsettings {
    /// The schema and the key in effect; either may be empty.
    pub fn schema_and_key<'a>(&'a self, name: &'a str) -> (&'a str, &'a str) {
        if self.schema.is_empty()
            && self.key.is_empty()
            && let Some((schema, key)) = name.split_once(' ')
            && !key.contains(' ')
        {
            return (schema, key);
        }
        (&self.schema, &self.key)
    }
}

impl Validate for Gsettings {
    fn validate(&self, name: &str) -> Result<(), Invalid> {
        let (schema, key) = self.schema_and_key(name);
        for (param, text) in [("schema", schema), ("key", key)] {
            if text.is_empty() {
                return Err(Invalid::param(param, "must be given").help(
                    "give `schema` and `key`, or both in the name with one blank between them",
                ));
            }
        }
        one_of("type", &self.r#type, &["bool", "str", "int", "custom"])?;
        let wanted = match self.r#type.as_str() {
            "bool" => Type::Bool,
            "int" => Type::Int,
            _ => Type::Str,
        };
        match &self.value {
            None => Err(Invalid::param("value", "must be given")),
            Some(value) if value.kind() != wanted.to_string() => Err(Invalid::param(
                "value",
                format!(
                    "must be a {wanted}, as the type `{}` says, not a {}",
                    self.r#type,
                    value.kind()
                ),
            )),
            Some(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gsettings(name: &str, r#type: &str, value: Value) -> Result<(), Option<&'static str>> {
        Gsettings {
            r#type: r#type.to_owned(),
            value: Some(value),
            ..Gsettings::default()
        }
        .validate(name)
        .map_err(|invalid| invalid.param)
    }

    #[test]
    fn the_name_has_two_words() {
        assert_eq!(gsettings("a.b c", "int", Value::Int(1)), Ok(()));
        assert_eq!(gsettings("a.b", "int", Value::Int(1)), Err(Some("schema")));
        assert_eq!(
            gsettings("a b c", "int", Value::Int(1)),
            Err(Some("schema"))
        );
    }

    #[test]
    fn the_value_is_of_its_type() {
        assert_eq!(gsettings("a b", "bool", Value::Bool(true)), Ok(()));
        assert_eq!(gsettings("a b", "custom", Value::from("uint32 5")), Ok(()));
        assert_eq!(gsettings("a b", "str", Value::Int(1)), Err(Some("value")));
        assert_eq!(gsettings("a b", "float", Value::Int(1)), Err(Some("type")));
        let none = Gsettings {
            r#type: "int".to_owned(),
            ..Gsettings::default()
        };
        assert_eq!(none.validate("a b").unwrap_err().param, Some("value"));
    }
}

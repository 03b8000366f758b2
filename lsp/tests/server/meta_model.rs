//! Checks messages against the meta model of the protocol, which is data: see `tests/meta_model`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::client::Side;

static MODEL: LazyLock<Model> = LazyLock::new(|| {
    let text = include_str!("../meta_model/lsp-3.18.json");
    serde_json::from_str(text).unwrap()
});

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    #[serde(deserialize_with = "by_method")]
    requests: BTreeMap<String, Message>,
    #[serde(deserialize_with = "by_method")]
    notifications: BTreeMap<String, Message>,
    structures: Vec<Structure>,
    enumerations: Vec<Enumeration>,
    type_aliases: Vec<Alias>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    method: String,
    message_direction: Direction,
    params: Option<Type>,
    result: Option<Type>,
    error_data: Option<Type>,
    registration_options: Option<Type>,
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Direction {
    ClientToServer,
    ServerToClient,
    Both,
}

#[derive(Deserialize)]
struct Structure {
    name: String,
    properties: Vec<Property>,
    #[serde(default)]
    extends: Vec<Type>,
    #[serde(default)]
    mixins: Vec<Type>,
}

#[derive(Deserialize)]
struct Property {
    name: String,
    r#type: Type,
    #[serde(default)]
    optional: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Enumeration {
    name: String,
    r#type: Type,
    values: Vec<EnumerationValue>,
    #[serde(default)]
    supports_custom_values: bool,
}

#[derive(Deserialize)]
struct EnumerationValue {
    value: Value,
}

#[derive(Deserialize)]
struct Alias {
    name: String,
    r#type: Type,
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Type {
    Base { name: String },
    Reference { name: String },
    Array { element: Box<Type> },
    Map { key: Box<Type>, value: Box<Type> },
    Tuple { items: Vec<Type> },
    Or { items: Vec<Type> },
    And { items: Vec<Type> },
    Literal { value: Literal },
    StringLiteral { value: String },
    IntegerLiteral { value: i64 },
    BooleanLiteral { value: bool },
}

#[derive(Deserialize)]
struct Literal {
    properties: Vec<Property>,
}

fn by_method<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Message>, D::Error> {
    let messages = Vec::<Message>::deserialize(deserializer)?;
    Ok(messages
        .into_iter()
        .map(|message| (message.method.clone(), message))
        .collect())
}

/// The messages between one client and one server.
#[derive(Default)]
pub struct Conversation {
    /// The methods of the requests that have no answer yet, by who asked and the id.
    pending: BTreeMap<(Side, String), String>,
}

impl Conversation {
    /// Checks the next message.
    ///
    /// # Errors
    /// Says what is wrong with it, and where in it.
    pub fn check(&mut self, from: Side, message: &Value) -> Result<(), String> {
        let fields = message.as_object().ok_or("it is no object")?;
        if fields.get("jsonrpc") != Some(&Value::from("2.0")) {
            return Err("`jsonrpc` is not `2.0`".to_owned());
        }
        match (fields.get("method"), fields.get("id")) {
            (Some(Value::String(method)), Some(id)) => {
                only(fields, &["jsonrpc", "id", "method", "params"])?;
                let request = known(&MODEL.requests, method, from)?;
                params(request, fields.get("params"))?;
                let key = (from, id.to_string());
                if self.pending.insert(key, method.clone()).is_some() {
                    return Err(format!("{method}: a request with this id is under way"));
                }
                Ok(())
            }
            (Some(Value::String(method)), None) => {
                only(fields, &["jsonrpc", "method", "params"])?;
                let notification = known(&MODEL.notifications, method, from)?;
                params(notification, fields.get("params"))
            }
            (None, Some(id)) => self.answer(from, id, fields),
            _ => Err("it is no request, notification or answer".to_owned()),
        }
    }

    fn answer(
        &mut self,
        from: Side,
        id: &Value,
        fields: &Map<String, Value>,
    ) -> Result<(), String> {
        only(fields, &["jsonrpc", "id", "result", "error"])?;
        let method = self
            .pending
            .remove(&(from.other(), id.to_string()))
            .ok_or_else(|| format!("nobody has asked the request {id}"))?;
        let request = &MODEL.requests[&method];
        match (fields.get("result"), fields.get("error")) {
            (Some(result), None) => match &request.result {
                Some(wanted) => check(wanted, result, &format!("result of {method}")),
                None => Ok(()),
            },
            (None, Some(error)) => {
                let place = format!("error of {method}");
                let error = error.as_object().ok_or("`error` is no object")?;
                only(error, &["code", "message", "data"])?;
                check(
                    &base("integer"),
                    error.get("code").unwrap_or(&Value::Null),
                    &place,
                )?;
                check(
                    &base("string"),
                    error.get("message").unwrap_or(&Value::Null),
                    &place,
                )?;
                match (&request.error_data, error.get("data")) {
                    (Some(wanted), Some(data)) => check(wanted, data, &place),
                    _ => Ok(()),
                }
            }
            _ => Err(format!(
                "{method}: an answer has either `result` or `error`"
            )),
        }
    }
}

/// Checks a value against a type of the model, by its name.
///
/// # Errors
/// Says what is wrong, and where.
pub fn check_named(name: &str, value: &Value) -> Result<(), String> {
    let name = name.to_owned();
    check(&Type::Reference { name: name.clone() }, value, &name)
}

fn known<'m>(
    messages: &'m BTreeMap<String, Message>,
    method: &str,
    from: Side,
) -> Result<&'m Message, String> {
    let message = messages
        .get(method)
        .ok_or_else(|| format!("the protocol has no `{method}`"))?;
    let wrong = match from {
        Side::Client => Direction::ServerToClient,
        Side::Server => Direction::ClientToServer,
    };
    if message.message_direction == wrong {
        return Err(format!("`{method}` goes the other way"));
    }
    Ok(message)
}

fn params(message: &Message, params: Option<&Value>) -> Result<(), String> {
    let method = &message.method;
    match (&message.params, params) {
        (Some(wanted), Some(params)) => check(wanted, params, method)?,
        (Some(_), None) => return Err(format!("{method} needs `params`")),
        (None, None | Some(Value::Null)) => {}
        (None, Some(_)) => return Err(format!("{method} has no `params`")),
    }
    // What is registered has a type, which depends on what it is for.
    if method == "client/registerCapability" {
        let registrations = params.and_then(|it| it["registrations"].as_array());
        for registration in registrations.into_iter().flatten() {
            let method = registration["method"].as_str().unwrap_or_default();
            let messages = [&MODEL.requests, &MODEL.notifications];
            let registered = messages.iter().find_map(|messages| messages.get(method));
            let registered = registered.ok_or_else(|| format!("the protocol has no `{method}`"))?;
            match (
                &registered.registration_options,
                registration.get("registerOptions"),
            ) {
                (Some(wanted), Some(options)) => {
                    check(wanted, options, &format!("registration of {method}"))?;
                }
                (None, Some(_)) => return Err(format!("`{method}` can not be registered")),
                (_, None) => {}
            }
        }
    }
    Ok(())
}

fn only(fields: &Map<String, Value>, names: &[&str]) -> Result<(), String> {
    match fields.keys().find(|name| !names.contains(&name.as_str())) {
        Some(unknown) => Err(format!("there is no property `{unknown}`")),
        None => Ok(()),
    }
}

fn base(name: &str) -> Type {
    Type::Base {
        name: name.to_owned(),
    }
}

fn check(wanted: &Type, value: &Value, place: &str) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{place}: {what} is wanted, not {value}"));
    match wanted {
        Type::Base { name } => {
            let number = value.as_i64().filter(|it| i32::try_from(*it).is_ok());
            let fits = match name.as_str() {
                "string" => value.is_string(),
                "boolean" => value.is_boolean(),
                "null" => value.is_null(),
                "integer" => number.is_some(),
                "uinteger" => number.is_some_and(|it| it >= 0),
                "decimal" => value.is_number(),
                "URI" | "DocumentUri" => value.as_str().is_some_and(|it| it.contains(':')),
                other => panic!("the meta model has a base type `{other}`"),
            };
            if fits { Ok(()) } else { wrong(name) }
        }
        Type::Reference { name } => named(name, value, place),
        Type::Array { element } => {
            let Some(values) = value.as_array() else {
                return wrong("an array");
            };
            let mut numbered = values.iter().enumerate();
            numbered.try_for_each(|(i, value)| check(element, value, &format!("{place}[{i}]")))
        }
        Type::Map { key, value: inner } => {
            let Some(fields) = value.as_object() else {
                return wrong("a map");
            };
            fields.iter().try_for_each(|(name, value)| {
                let place = format!("{place}[{name:?}]");
                check(key, &Value::from(name.as_str()), &place)?;
                check(inner, value, &place)
            })
        }
        Type::Tuple { items } => {
            let values = value
                .as_array()
                .filter(|values| values.len() == items.len());
            let Some(values) = values else {
                return wrong("a tuple");
            };
            let mut pairs = items.iter().zip(values);
            pairs.try_for_each(|(item, value)| check(item, value, place))
        }
        Type::Or { items } => {
            let mut reasons = Vec::new();
            for item in items {
                match check(item, value, place) {
                    Ok(()) => return Ok(()),
                    Err(reason) => reasons.push(reason),
                }
            }
            Err(format!(
                "{place}: no choice fits:\n  {}",
                reasons.join("\n").replace('\n', "\n  ")
            ))
        }
        Type::And { .. } | Type::Literal { .. } => {
            let mut properties = Vec::new();
            gather(wanted, &mut properties);
            object(&properties, value, place)
        }
        Type::StringLiteral { value: wanted } if value == wanted => Ok(()),
        Type::StringLiteral { value } => wrong(value),
        Type::IntegerLiteral { value: wanted } if value == wanted => Ok(()),
        Type::IntegerLiteral { value } => wrong(&value.to_string()),
        Type::BooleanLiteral { value: wanted } if value == wanted => Ok(()),
        Type::BooleanLiteral { value } => wrong(&value.to_string()),
    }
}

fn named(name: &str, value: &Value, place: &str) -> Result<(), String> {
    let fits = match name {
        "LSPAny" => true,
        "LSPObject" => value.is_object(),
        "LSPArray" => value.is_array(),
        _ => {
            if let Some(alias) = MODEL.type_aliases.iter().find(|it| it.name == name) {
                return check(&alias.r#type, value, place);
            }
            if let Some(enumeration) = MODEL.enumerations.iter().find(|it| it.name == name) {
                let is_listed = enumeration.values.iter().any(|it| it.value == *value);
                if enumeration.supports_custom_values {
                    return check(&enumeration.r#type, value, place);
                }
                is_listed
            } else {
                let mut properties = Vec::new();
                gather_named(name, &mut properties);
                return object(&properties, value, place);
            }
        }
    };
    if fits {
        Ok(())
    } else {
        Err(format!("{place}: {name} is wanted, not {value}"))
    }
}

/// The properties of a type whose values are objects.
fn gather<'m>(from: &'m Type, properties: &mut Vec<&'m Property>) {
    match from {
        Type::Reference { name } => gather_named(name, properties),
        Type::And { items } => items.iter().for_each(|item| gather(item, properties)),
        Type::Literal { value } => properties.extend(&value.properties),
        _ => panic!("the meta model joins what are no objects"),
    }
}

fn gather_named(name: &str, properties: &mut Vec<&Property>) {
    let model: &'static Model = &MODEL;
    if let Some(alias) = model.type_aliases.iter().find(|it| it.name == name) {
        return gather(&alias.r#type, properties);
    }
    let structure = model.structures.iter().find(|it| it.name == name);
    let structure = structure.unwrap_or_else(|| panic!("the meta model has no `{name}`"));
    // What is declared again below is told more exactly there.
    properties.extend(&structure.properties);
    for parent in structure.extends.iter().chain(&structure.mixins) {
        gather(parent, properties);
    }
}

fn object(properties: &[&Property], value: &Value, place: &str) -> Result<(), String> {
    let Some(fields) = value.as_object() else {
        return Err(format!("{place}: an object is wanted, not {value}"));
    };
    for property in properties {
        if !property.optional && !fields.contains_key(&property.name) {
            return Err(format!("{place}: `{}` is missing", property.name));
        }
    }
    for (name, value) in fields {
        let Some(property) = properties.iter().find(|it| it.name == *name) else {
            return Err(format!("{place}: there is no property `{name}`"));
        };
        check(&property.r#type, value, &format!("{place}.{name}"))?;
    }
    Ok(())
}

#[test]
fn what_is_wrong_is_found() {
    use serde_json::json;

    let position = json!({ "line": 1, "character": 2 });
    let place = json!({ "start": position, "end": position });
    assert_eq!(check_named("Range", &place), Ok(()));
    let wrong = |name: &str, value: Value| check_named(name, &value).unwrap_err();
    assert!(wrong("Range", json!({ "start": position })).contains("`end` is missing"));
    assert!(wrong("Position", json!({ "line": -1, "character": 2 })).contains("uinteger"));
    assert!(wrong("Position", json!({ "line": 1, "character": 2, "x": 0 })).contains("`x`"));
    assert!(wrong("SymbolKind", json!(27)).contains("no choice fits"));
    assert!(wrong("Definition", json!([{ "uri": "file:///a" }])).contains("`range` is missing"));

    let mut talk = Conversation::default();
    let ask = json!({ "jsonrpc": "2.0", "id": 1, "method": "shutdown" });
    assert_eq!(talk.check(Side::Client, &ask), Ok(()));
    assert!(
        talk.check(Side::Client, &ask)
            .unwrap_err()
            .contains("under way")
    );
    let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": 5 });
    assert!(
        talk.check(Side::Server, &answer)
            .unwrap_err()
            .contains("null")
    );
    assert!(
        talk.check(Side::Server, &answer)
            .unwrap_err()
            .contains("nobody has asked")
    );
    let publish = json!({ "jsonrpc": "2.0", "method": "textDocument/publishDiagnostics" });
    assert!(
        talk.check(Side::Client, &publish)
            .unwrap_err()
            .contains("the other way")
    );
    let unknown = json!({ "jsonrpc": "2.0", "method": "mgmt/none", "params": {} });
    assert!(
        talk.check(Side::Server, &unknown)
            .unwrap_err()
            .contains("no `mgmt/none`")
    );
}

//! Meta parameters: what the engine, not the kind, does with a resource (engine.md §1.10).

use crate::hostname;
use crate::param::out_of_range;
use crate::types::Type;
use crate::value::Value;

/// The meta parameters of one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Meta {
    /// Never change anything.
    pub noop: bool,
    /// Retries after an error; -1 is without end.
    pub retry: i16,
    /// A success refills the retries.
    pub retryreset: bool,
    /// Milliseconds between tries.
    pub delay: u64,
    /// Milliseconds that one apply may take; 0 is no limit.
    pub timeout: u64,
    /// Seconds between polls instead of watching; 0 watches, below 0 looks once.
    pub poll: i32,
    /// Events per second.
    pub limit: f64,
    /// Events at once.
    pub burst: i64,
    /// Forget the retries when the resource is replaced.
    pub reset: bool,
    /// Semaphores, `id` or `id:count`.
    pub sema: Vec<String>,
    /// Restart after a permanent failure when the graph is switched.
    pub rewatch: bool,
    /// Settle once before being removed.
    pub realize: bool,
    /// The name may begin with `$`.
    pub dollar: bool,
    /// Present, but not run here.
    pub hidden: bool,
    /// Hosts to export to; `*` is all.
    pub export: Vec<String>,
    /// Undo when it leaves the graph; nothing means the kind's default.
    pub reverse: Option<bool>,
    /// Automatic edges; nothing means the kind's default.
    pub autoedge: Option<bool>,
    /// Automatic grouping; nothing means the kind's default.
    pub autogroup: Option<bool>,
}

impl Default for Meta {
    fn default() -> Self {
        Self {
            noop: false,
            retry: 0,
            retryreset: false,
            delay: 0,
            timeout: 0,
            poll: 0,
            limit: f64::INFINITY,
            burst: 0,
            reset: false,
            sema: Vec::new(),
            rewatch: false,
            realize: false,
            dollar: false,
            hidden: false,
            export: Vec::new(),
            reverse: None,
            autoedge: None,
            autogroup: None,
        }
    }
}

/// A meta parameter as declared.
#[derive(Clone, Copy, Debug)]
pub struct MetaParam {
    /// Its name in mcl.
    pub name: &'static str,
    /// Its type in mcl, as text.
    pub ty: &'static str,
    /// Its default, as mcl text.
    pub default: &'static str,
    /// What it does.
    pub doc: &'static str,
}

/// All meta parameters, in the order that `Meta => struct{...}` wants them (language.md §8.4).
pub const META_PARAMS: &[MetaParam] = &[
    meta(
        "noop",
        "bool",
        "false",
        "Never change anything: only check.",
    ),
    meta(
        "retry",
        "int",
        "0",
        "How often to try again after an error; -1 is without end.",
    ),
    meta(
        "retryreset",
        "bool",
        "false",
        "A success refills the number of retries.",
    ),
    meta("delay", "int", "0", "Milliseconds between tries."),
    meta(
        "timeout",
        "int",
        "0",
        "Milliseconds that one apply may take; 0 is no limit.",
    ),
    meta(
        "poll",
        "int",
        "0",
        "Seconds between polls, instead of watching; 0 watches, -1 looks once.",
    ),
    meta(
        "limit",
        "float",
        "infinite",
        "How many events per second are acted on.",
    ),
    meta(
        "burst",
        "int",
        "0",
        "How many events are acted on at once, if there is a `limit`.",
    ),
    meta(
        "reset",
        "bool",
        "false",
        "Forget the used retries when the resource is replaced.",
    ),
    meta(
        "sema",
        "[]str",
        "[]",
        "Semaphores held while applying, each `id` or `id:count`.",
    ),
    meta(
        "rewatch",
        "bool",
        "false",
        "Start again after a permanent failure when the graph is switched.",
    ),
    meta(
        "realize",
        "bool",
        "false",
        "Converge once before being removed.",
    ),
    meta(
        "dollar",
        "bool",
        "false",
        "Permit a name that begins with `$`.",
    ),
    meta(
        "hidden",
        "bool",
        "false",
        "Be part of the graph without being run here.",
    ),
    meta("export", "[]str", "[]", "Hosts to export to; `*` is all."),
    meta(
        "reverse",
        "bool",
        "the kind's",
        "Undo when the resource leaves the graph.",
    ),
    meta("autoedge", "bool", "the kind's", "Add automatic edges."),
    meta(
        "autogroup",
        "bool",
        "the kind's",
        "Permit automatic grouping.",
    ),
];

const fn meta(
    name: &'static str,
    ty: &'static str,
    default: &'static str,
    doc: &'static str,
) -> MetaParam {
    MetaParam {
        name,
        ty,
        default,
        doc,
    }
}

impl MetaParam {
    /// The meta parameter of that name; upper and lower case are alike.
    pub fn find(name: &str) -> Option<&'static Self> {
        META_PARAMS
            .iter()
            .find(|param| param.name.eq_ignore_ascii_case(name))
    }

    /// Its type in mcl.
    pub fn ty(&self) -> Type {
        match self.ty {
            "bool" => Type::Bool,
            "int" => Type::Int,
            "float" => Type::Float,
            _ => Type::list(Type::Str),
        }
    }
}

/// A meta parameter can not have that value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{param}` {message}")]
pub struct MetaError {
    /// Its name.
    pub param: String,
    /// What is wrong; reads on after the name.
    pub message: String,
}

impl MetaError {
    fn new(param: &str, message: impl Into<String>) -> Self {
        Self {
            param: param.to_owned(),
            message: message.into(),
        }
    }
}

impl Meta {
    /// Sets one meta parameter from a value of its type.
    ///
    /// # Errors
    /// If the value is out of range (typing-and-evaluation.md §8.3.5) or there is no such parameter.
    pub fn set(&mut self, name: &str, value: &Value) -> Result<(), MetaError> {
        let bool = || value.as_bool().ok_or_else(|| misfit(name, value));
        let int = || value.as_int().ok_or_else(|| misfit(name, value));
        let positive = || {
            let n = int()?;
            u64::try_from(n).map_err(|_| MetaError::new(name, format!("is negative: {n}")))
        };
        let misfit_of = |n, least: i128, most: i128| {
            let reason = out_of_range(n, least, most);
            MetaError::new(name, format!("does not fit: {reason}"))
        };
        let strings = || {
            let list = value.as_list().ok_or_else(|| misfit(name, value))?;
            list.iter()
                .map(|each| {
                    Ok(each
                        .as_str()
                        .ok_or_else(|| misfit(name, value))?
                        .to_string_lossy()
                        .into_owned())
                })
                .collect::<Result<Vec<_>, MetaError>>()
        };
        match name.to_ascii_lowercase().as_str() {
            "noop" => self.noop = bool()?,
            "retry" => {
                let n = int()?;
                self.retry = i16::try_from(n).map_err(|_| misfit_of(n, -1, i16::MAX.into()))?;
            }
            "retryreset" => self.retryreset = bool()?,
            "delay" => self.delay = positive()?,
            "timeout" => self.timeout = positive()?,
            "poll" => {
                let n = int()?;
                self.poll =
                    i32::try_from(n).map_err(|_| misfit_of(n, i32::MIN.into(), i32::MAX.into()))?;
            }
            "limit" => self.limit = value.as_float().ok_or_else(|| misfit(name, value))?,
            "burst" => self.burst = int()?,
            "reset" => self.reset = bool()?,
            "sema" => self.sema = strings()?,
            "rewatch" => self.rewatch = bool()?,
            "realize" => self.realize = bool()?,
            "dollar" => self.dollar = bool()?,
            "hidden" => self.hidden = bool()?,
            "export" => self.export = strings()?,
            "reverse" => self.reverse = Some(bool()?),
            "autoedge" => self.autoedge = Some(bool()?),
            "autogroup" => self.autogroup = Some(bool()?),
            _ => return Err(MetaError::new(name, "is no meta parameter")),
        }
        Ok(())
    }

    /// The value of one meta parameter, as [`Meta::set`] takes it; nothing if it is left to the kind, or if
    /// there is none of that name.
    pub fn get(&self, name: &str) -> Option<Value> {
        let strings = |list: &[String]| Value::list(list.iter().map(|each| each.as_str().into()));
        // What `set` takes is no larger.
        let int = |n: u64| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
        Some(match name.to_ascii_lowercase().as_str() {
            "noop" => Value::Bool(self.noop),
            "retry" => Value::Int(self.retry.into()),
            "retryreset" => Value::Bool(self.retryreset),
            "delay" => int(self.delay),
            "timeout" => int(self.timeout),
            "poll" => Value::Int(self.poll.into()),
            "limit" => Value::Float(self.limit),
            "burst" => Value::Int(self.burst),
            "reset" => Value::Bool(self.reset),
            "sema" => strings(&self.sema),
            "rewatch" => Value::Bool(self.rewatch),
            "realize" => Value::Bool(self.realize),
            "dollar" => Value::Bool(self.dollar),
            "hidden" => Value::Bool(self.hidden),
            "export" => strings(&self.export),
            "reverse" => Value::Bool(self.reverse?),
            "autoedge" => Value::Bool(self.autoedge?),
            "autogroup" => Value::Bool(self.autogroup?),
            _ => return None,
        })
    }

    /// Checks what the types can not say (engine.md §1.10).
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn validate(&self) -> Result<(), MetaError> {
        let wrong = |param: &str, text: String| Err(MetaError::new(param, text));
        if self.limit.is_nan() || self.limit <= 0.0 {
            return wrong("limit", format!("must be above zero, not {}", self.limit));
        }
        if self.limit.is_finite() && self.burst == 0 {
            return wrong(
                "limit",
                "lets nothing through while `burst` is 0; give both".to_owned(),
            );
        }
        if self.burst < 0 {
            return wrong("burst", format!("is negative: {}", self.burst));
        }
        if self.retry < -1 {
            let reason = out_of_range(self.retry.into(), -1, i16::MAX.into());
            return wrong("retry", format!("does not fit: {reason}"));
        }
        if self.sema.iter().any(String::is_empty) {
            return wrong("sema", "names a semaphore by an empty text".to_owned());
        }
        if let Some(id) = self.sema.iter().find(|id| id.parse::<i64>().is_ok()) {
            return wrong(
                "sema",
                format!("names a semaphore by a mere number, `{id}`; write `name` or `name:{id}`"),
            );
        }
        if self.export.iter().any(String::is_empty) {
            return wrong(
                "export",
                "has an empty entry; write a host or `*`".to_owned(),
            );
        }
        let is_target = |target: &str| target == "*" || hostname::is_valid(target);
        if let Some(target) = self.export.iter().find(|target| !is_target(target)) {
            return wrong(
                "export",
                format!("names `{target}`, which can not be a host; write a host name or `*`"),
            );
        }
        Ok(())
    }

    /// The first meta parameter in which the two differ; `sema` and `export` are compared as sets.
    pub fn differs(&self, other: &Self) -> Option<&'static str> {
        let set = |list: &[String]| {
            list.iter()
                .cloned()
                .collect::<std::collections::BTreeSet<_>>()
        };
        let pairs = [
            ("noop", self.noop == other.noop),
            ("retry", self.retry == other.retry),
            ("retryreset", self.retryreset == other.retryreset),
            ("delay", self.delay == other.delay),
            ("timeout", self.timeout == other.timeout),
            ("poll", self.poll == other.poll),
            ("limit", self.limit == other.limit),
            ("burst", self.burst == other.burst),
            ("reset", self.reset == other.reset),
            ("sema", set(&self.sema) == set(&other.sema)),
            ("rewatch", self.rewatch == other.rewatch),
            ("realize", self.realize == other.realize),
            ("dollar", self.dollar == other.dollar),
            ("hidden", self.hidden == other.hidden),
            ("export", set(&self.export) == set(&other.export)),
            ("reverse", self.reverse == other.reverse),
            ("autoedge", self.autoedge == other.autoedge),
            ("autogroup", self.autogroup == other.autogroup),
        ];
        pairs
            .into_iter()
            .find(|(_, same)| !same)
            .map(|(name, _)| name)
    }
}

fn misfit(name: &str, value: &Value) -> MetaError {
    MetaError::new(name, format!("can't be a {}", value.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_got_can_be_set() {
        let meta = Meta {
            retry: -1,
            delay: 7,
            limit: 0.5,
            burst: 2,
            sema: vec!["a:2".to_owned()],
            reverse: Some(true),
            autoedge: Some(false),
            autogroup: Some(true),
            ..Meta::default()
        };
        let mut copy = Meta::default();
        for param in META_PARAMS {
            let value = meta.get(param.name).expect("it has a value");
            copy.set(param.name, &value).expect("it is of its type");
        }
        assert_eq!(copy, meta);
        assert_eq!(Meta::default().get("reverse"), None);
        assert_eq!(meta.get("none"), None);
    }
}

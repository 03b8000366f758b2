//! `util`: which machine this is (functions.md §24).

use crate::catalog::{CallError, FunctionDef, Host};
use crate::value::{Map, Value};

use super::declare::{sampler, snapshot};
use super::net::hardware_addresses;

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![snapshot(
        "util.hostname_mapper",
        "func(map map{str: str}) str",
        "The host name that a map holds for the hardware address of one of this machine's interfaces. The addresses in \
         the map are in lower case with colons. It is empty if the map has none of them; empty names do not count. That \
         two interfaces have different names ends the program. Interfaces that appear later are not noticed by it alone.",
        sampler!(hostname_mapper(map)),
    )]
}

fn hostname_mapper(host: &dyn Host, map: &Map) -> Result<Value, CallError> {
    let nothing = Value::from("");
    let mut found: Option<&Value> = None;
    for address in hardware_addresses(host)? {
        let name = map
            .get(&Value::from(address))
            .filter(|name| **name != nothing);
        match (found, name) {
            (Some(first), Some(second)) if first != second => {
                let text = |name: &Value| {
                    name.as_str()
                        .map(|name| name.to_string_lossy().into_owned())
                };
                return Err(CallError::fatal(format!(
                    "multiple hostnames found: {}, {}",
                    text(first).unwrap_or_default(),
                    text(second).unwrap_or_default()
                )));
            }
            _ => found = found.or(name),
        }
    }
    Ok(found.cloned().unwrap_or(nothing))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call_on, fatal};
    use super::*;

    #[test]
    fn names_are_found_by_address() {
        let root = tempfile::tempdir().unwrap();
        for (name, index) in [("eth0", 1), ("eth1", 2)] {
            let path = root.path().join("sys/class/net").join(name);
            std::fs::create_dir_all(&path).unwrap();
            std::fs::write(path.join("ifindex"), index.to_string()).unwrap();
            std::fs::write(path.join("flags"), "0x1003").unwrap();
            std::fs::write(path.join("address"), format!("aa:00:00:00:00:0{index}")).unwrap();
        }
        let host = TestHost {
            root: root.path().to_owned(),
            ..TestHost::default()
        };
        let map = |entries: &[(&str, &str)]| {
            let entries = entries
                .iter()
                .map(|(mac, name)| ((*mac).into(), (*name).into()));
            call_on(
                &host,
                "util.hostname_mapper",
                &[Value::Map(entries.collect())],
            )
        };
        assert_eq!(map(&[("aa:00:00:00:00:02", "h2")]), Ok("h2".into()));
        assert_eq!(map(&[("aa:00:00:00:00:09", "h9")]), Ok("".into()));
        assert_eq!(
            map(&[("aa:00:00:00:00:01", ""), ("aa:00:00:00:00:02", "h2")]),
            Ok("h2".into())
        );
        let both = [("aa:00:00:00:00:01", "h1"), ("aa:00:00:00:00:02", "h2")];
        assert_eq!(fatal(map(&both)), "multiple hostnames found: h1, h2");
        let same = [("aa:00:00:00:00:01", "h1"), ("aa:00:00:00:00:02", "h1")];
        assert_eq!(map(&same), Ok("h1".into()));
        assert_eq!(map(&[("AA:00:00:00:00:02", "h2")]), Ok("".into()));
        assert_eq!(map(&[]), Ok("".into()));
    }
}

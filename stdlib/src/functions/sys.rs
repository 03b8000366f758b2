//! `sys`: the process's environment and the machine's condition (functions.md §22).

use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use crate::catalog::{CallError, FunctionDef, Host, Wake};
use crate::value::{Map, Str, Struct, Value};

use super::declare::{sampler, snapshot, source};

pub(crate) fn all() -> Vec<FunctionDef> {
    vec![
        source(
            "sys.cpu_count",
            "func() int",
            "The number of processors that are online. It wakes when one comes or goes.",
            sampler!(cpu_count(), |_| vec![Wake::Devices("cpu")]),
        ),
        snapshot(
            "sys.env",
            "func() map{str: str}",
            "The environment of this process, as a map.",
            sampler!(env()),
        ),
        snapshot(
            "sys.getenv",
            "func(name str) str",
            "The value of an environment variable of this process. One that is set to nothing is empty; one that is not set \
             is an error.",
            sampler!(getenv(name)),
        )
        .catchable(&["environment variable not set: NAME"]),
        snapshot(
            "sys.hasenv",
            "func(name str) bool",
            "Whether this process has an environment variable, be it empty.",
            sampler!(hasenv(name)),
        ),
        source(
            "sys/fwupd.reboot_needed",
            "func() bool",
            "Whether new firmware of a device waits for a reboot; false if the daemon fwupd is not there. It wakes when \
             that changes.",
            sampler!(reboot_needed(), |_| vec![Wake::Firmware]),
        ),
        source(
            "sys.hostname",
            "func() str",
            "The name that the machine has now; `$hostname` is the name of this agent. It wakes when that changes.",
            sampler!(hostname(), |_| vec![Wake::KernelHostname]),
        ),
        source(
            "sys.load",
            "func() struct{x1 float; x5 float; x15 float}",
            "The number of processes that ran or wanted to, on average over 1, 5 and 15 minutes. It wakes every \
             five seconds.",
            sampler!(load(), |_| vec![Wake::Clock(Duration::from_secs(5))]),
        ),
        source(
            "sys.uptime",
            "func() int",
            "The whole seconds since the machine was started. It wakes each second.",
            sampler!(uptime(), |_| vec![Wake::Clock(Duration::from_secs(1))]),
        ),
    ]
}

fn cpu_count(host: &dyn Host) -> Result<i64, CallError> {
    const ONLINE: &str = "/sys/devices/system/cpu/online";
    let failed = |why: &dyn std::fmt::Display| {
        CallError::fatal(format!("can't count the processors in `{ONLINE}`: {why}"))
    };
    let text = std::fs::read_to_string(host.locate(ONLINE.as_ref())).map_err(|e| failed(&e))?;
    count_cpus(text.trim()).ok_or_else(|| failed(&"it is no list of numbers and ranges"))
}

/// How many numbers a list such as `0-3,7` holds; an empty one is a single processor.
fn count_cpus(list: &str) -> Option<i64> {
    if list.is_empty() {
        return Some(1);
    }
    list.split(',')
        .map(|item| {
            let (first, last) = item.split_once('-').unwrap_or((item, item));
            let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
            Some(i64::from(last.checked_sub(first)?) + 1)
        })
        .sum()
}

/// The environment; an entry that is not of the form `name=value` has no place in it.
fn env(host: &dyn Host) -> Map {
    host.env()
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

fn getenv(host: &dyn Host, name: &Str) -> Result<String, CallError> {
    variable(host, name).ok_or_else(|| {
        CallError::catchable(format!(
            "environment variable not set: {}",
            name.to_string_lossy()
        ))
    })
}

fn hasenv(host: &dyn Host, name: &Str) -> bool {
    variable(host, name).is_some()
}

/// The value of an environment variable.
pub(crate) fn variable(host: &dyn Host, name: &Str) -> Option<String> {
    host.env()
        .into_iter()
        .find(|(have, _)| have.as_bytes() == name.as_bytes())
        .map(|(_, value)| value)
}

/// The kernel's name, which is what systemd-hostnamed gives too, but needs no bus.
pub(crate) fn hostname(_: &dyn Host) -> Result<Vec<u8>, CallError> {
    nix::unistd::gethostname()
        .map(OsStringExt::into_vec)
        .map_err(|error| {
            CallError::fatal(format!(
                "can't ask the kernel for the host name: {}",
                error.desc()
            ))
        })
}

fn reboot_needed(host: &dyn Host) -> Result<bool, CallError> {
    host.firmware_needs_reboot().map_err(CallError::fatal)
}

fn load(_: &dyn Host) -> Result<Struct, CallError> {
    let (x1, x5, x15) = nix::sys::sysinfo::sysinfo()
        .map_err(|error| {
            CallError::fatal(format!(
                "can't ask the kernel for its load: {}",
                error.desc()
            ))
        })?
        .load_average();
    Ok([("x1", x1), ("x5", x5), ("x15", x15)]
        .into_iter()
        .map(|(name, load)| (name, Value::Float(load)))
        .collect())
}

fn uptime(host: &dyn Host) -> Result<i64, CallError> {
    const UPTIME: &str = "/proc/uptime";
    let failed = |why: &dyn std::fmt::Display| {
        CallError::fatal(format!("can't tell the uptime from `{UPTIME}`: {why}"))
    };
    let text = std::fs::read_to_string(host.locate(UPTIME.as_ref())).map_err(|e| failed(&e))?;
    let seconds = text.split(['.', ' ']).next().unwrap_or_default();
    seconds.parse().map_err(|e| failed(&e))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{TestHost, call, call_on, caught, fatal, sample};
    use super::*;

    #[test]
    fn unset_is_not_empty() {
        let host = TestHost {
            env: vec![("EMPTY".to_owned(), String::new())],
            ..TestHost::default()
        };
        let ask = |name, variable: &str| call_on(&host, name, &[variable.into()]);
        assert_eq!(ask("sys.getenv", "EMPTY"), Ok("".into()));
        assert_eq!(ask("sys.hasenv", "EMPTY"), Ok(Value::Bool(true)));
        assert_eq!(
            caught(ask("sys.getenv", "UNSET")),
            "environment variable not set: UNSET"
        );
        assert_eq!(ask("sys.hasenv", "UNSET"), Ok(Value::Bool(false)));
        assert_eq!(
            call_on(&host, "sys.env", &[]).unwrap().to_string(),
            r#"{"EMPTY": ""}"#
        );
    }

    #[test]
    fn processors_are_counted_in_ranges() {
        assert_eq!(count_cpus("0-3,7"), Some(5));
        assert_eq!(count_cpus(""), Some(1));
        assert_eq!(count_cpus("0"), Some(1));
        for list in ["x", "3-0", "0-", ","] {
            assert_eq!(count_cpus(list), None, "{list}");
        }
    }

    #[test]
    fn uptime_is_in_whole_seconds() {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost {
            root: directory.path().to_owned(),
            ..TestHost::default()
        };
        assert!(fatal(call_on(&host, "sys.uptime", &[])).contains("/proc/uptime"));
        std::fs::create_dir(directory.path().join("proc")).unwrap();
        std::fs::write(
            directory.path().join("proc/uptime"),
            "350735.47 234388.90\n",
        )
        .unwrap();
        assert_eq!(call_on(&host, "sys.uptime", &[]), Ok(Value::Int(350_735)));
        assert_eq!(
            sample("sys.uptime").wake(&[]),
            [Wake::Clock(Duration::from_secs(1))]
        );
    }

    #[test]
    fn processors_are_those_that_are_online() {
        let directory = tempfile::tempdir().unwrap();
        let host = TestHost {
            root: directory.path().to_owned(),
            ..TestHost::default()
        };
        let count = || call_on(&host, "sys.cpu_count", &[]);
        assert!(fatal(count()).contains("/sys/devices/system/cpu/online"));
        let file = directory.path().join("sys/devices/system/cpu/online");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, "0-3,7\n").unwrap();
        assert_eq!(count(), Ok(Value::Int(5)));
        std::fs::write(&file, "all\n").unwrap();
        assert!(fatal(count()).ends_with("it is no list of numbers and ranges"));
        assert_eq!(sample("sys.cpu_count").wake(&[]), [Wake::Devices("cpu")]);
    }

    #[test]
    fn what_changes_wakes() {
        for (name, wake) in [
            ("sys.load", Wake::Clock(Duration::from_secs(5))),
            ("sys.hostname", Wake::KernelHostname),
            ("sys/fwupd.reboot_needed", Wake::Firmware),
        ] {
            assert_eq!(sample(name).wake(&[]), [wake], "{name}");
        }
        for name in ["sys.env", "sys.getenv", "sys.hasenv"] {
            assert_eq!(sample(name).wake(&["A".into()]), [], "{name}");
        }
        assert_eq!(call("sys/fwupd.reboot_needed", &[]), Ok(Value::Bool(false)));
    }

    #[test]
    fn load_is_never_negative() {
        let load = call("sys.load", &[]).unwrap();
        let load = load.as_struct().unwrap();
        assert_eq!(load.len(), 3);
        assert!(load.iter().all(|(_, value)| value.as_float() >= Some(0.0)));
    }
}

//! `golang/runtime`: what can be told of another language's run time here (functions.md §11.2.8).

use crate::catalog::{CallError, FunctionDef, Host};

use super::super::declare::snapshots;

pub(crate) fn all() -> Vec<FunctionDef> {
    snapshots! { "golang/runtime":
        cpu_profile, "func() str", "Always ends the program; there is no such profile.",
            |_| Err::<&str, _>(CallError::fatal("panic in process: there is no CPU profile"));
        gomaxprocs, "func(n int) int", "The number of threads that work at a time. It is not changed.",
            |_, _n: i64| processors();
        goroot, "func() str", "Nothing, since no toolchain comes with this program.",
            |_| "";
        num_cpu, "func() int", "The number of processors that this process may use.",
            |_| processors();
        num_cgo_call, "func() int", "0, since calls of foreign functions are not counted.",
            |_| 0i64;
        num_goroutine, "func() int", "The number of threads of this process.",
            |host| threads(host);
        read_trace, "func() str", "Always ends the program; there is no trace to wait for.",
            |_| Err::<&str, _>(CallError::fatal("no trace of the program is running"));
        set_mutex_profile_fraction, "func(rate int) int", "0, since there is no such profile.",
            |_, _rate: i64| 0i64;
        stack, "func(buf str, all bool) int", "The length of a dump of the stack, cut to that of the string.",
            |_, buf: &[u8], _all: bool| dump_length().min(buf.len()) as i64;
        version, "func() str", "The version of this program.",
            |_| concat!("mgmt ", env!("CARGO_PKG_VERSION"));
    }
}

fn processors() -> i64 {
    std::thread::available_parallelism().map_or(1, |count| count.get() as i64)
}

fn threads(host: &dyn Host) -> i64 {
    std::fs::read_dir(host.locate("/proc/self/task".as_ref()))
        .map_or(1, |tasks| tasks.count() as i64)
}

fn dump_length() -> usize {
    std::backtrace::Backtrace::force_capture().to_string().len()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{call, fatal};
    use crate::value::Value;

    #[test]
    fn counts_are_positive() {
        for name in ["golang/runtime.num_cpu", "golang/runtime.num_goroutine"] {
            assert!(call(name, &[]).unwrap().as_int() > Some(0), "{name}");
        }
        for (buffer, len) in [("", 0), ("abc", 3)] {
            let stack = call("golang/runtime.stack", &[buffer.into(), true.into()]);
            assert_eq!(stack, Ok(Value::Int(len)));
        }
        let large = Value::from(vec![b' '; 10_000_000]);
        let stack = call("golang/runtime.stack", &[large, false.into()]).unwrap();
        assert!((1..10_000_000).contains(&stack.as_int().unwrap()));
        assert!(fatal(call("golang/runtime.cpu_profile", &[])).contains("panic in process"));
        assert!(fatal(call("golang/runtime.read_trace", &[])).contains("no trace"));
    }

    #[test]
    fn settings_stay() {
        let threads = call("golang/runtime.num_cpu", &[]);
        for n in [1, 0, -1] {
            assert_eq!(call("golang/runtime.gomaxprocs", &[n.into()]), threads);
            let rate = call("golang/runtime.set_mutex_profile_fraction", &[n.into()]);
            assert_eq!(rate, Ok(Value::Int(0)));
        }
        assert_eq!(call("golang/runtime.num_cgo_call", &[]), Ok(Value::Int(0)));
        assert_eq!(call("golang/runtime.goroot", &[]), Ok("".into()));
        let version = call("golang/runtime.version", &[]).unwrap();
        assert!(version.as_str().unwrap().as_bytes().starts_with(b"mgmt "));
    }
}

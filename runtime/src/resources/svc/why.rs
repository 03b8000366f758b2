//! Why a unit is not as it shall be, in words.

use crate::dbus::systemd::{Systemd, Unit};

const UNIT: &str = "org.freedesktop.systemd1.Unit";
const SERVICE: &str = "org.freedesktop.systemd1.Service";

/// A condition or assertion as systemd tells of it: its name, whether it suffices alone, whether it is negated, its
/// argument, and how the last look at it ended.
type Test = (String, bool, bool, String, i32);

/// What systemd says of the end of a job (resources-host.md §1.8). `started` is the run of the unit before the job.
pub(super) async fn of_job(
    systemd: &Systemd,
    unit: &Unit,
    result: &str,
    started: Option<&[u8]>,
) -> String {
    match result {
        "timeout" => "it took too long".to_owned(),
        "canceled" => "somebody else has cancelled it".to_owned(),
        "dependency" => "something that it needs has failed".to_owned(),
        "assert" => failed_tests(systemd, unit, "Asserts").await,
        "failed" => {
            let ended = of_service(systemd, unit).await;
            let ended = ended.unwrap_or_else(|| "it has failed".to_owned());
            let started = started.filter(|run| !run.is_empty());
            if started.is_some() && run(systemd, unit).await.as_deref() == started {
                // Without a run of its own, the job has not even tried.
                format!(
                    "it was not tried, after it was started too often in a short time; before, {ended}; \
                     `systemctl reset-failed {}` permits it at once",
                    unit.id
                )
            } else {
                ended
            }
        }
        other => format!("systemd says `{other}`"),
    }
}

/// Why a unit that was started does not run.
pub(super) async fn it_ended(systemd: &Systemd, unit: &Unit) -> String {
    let conditions: Result<bool, _> = systemd.property(unit, UNIT, "ConditionResult").await;
    let looked_at: Result<u64, _> = systemd
        .property(unit, UNIT, "ConditionTimestampMonotonic")
        .await;
    let were_tested = looked_at.is_ok_and(|time| time > 0);
    if unit.active == "inactive" && were_tested && conditions.is_ok_and(|all_hold| !all_hold) {
        return failed_tests(systemd, unit, "Conditions").await;
    }
    if let Some(ended) = of_service(systemd, unit).await {
        return ended;
    }
    let kind: Result<String, _> = systemd.property(unit, SERVICE, "Type").await;
    if kind.is_ok_and(|kind| kind == "oneshot") {
        "it is a `oneshot` without `RemainAfterExit=yes`".to_owned()
    } else {
        "its main process ended without an error".to_owned()
    }
}

/// The number of the unit's present or last run; it gets another one whenever it is started.
pub(super) async fn run(systemd: &Systemd, unit: &Unit) -> Option<Vec<u8>> {
    systemd
        .property::<Vec<u8>>(unit, UNIT, "InvocationID")
        .await
        .ok()
}

/// What has become of the processes of a service; nothing if all is well, or it is no service.
async fn of_service(systemd: &Systemd, unit: &Unit) -> Option<String> {
    let result: String = systemd.property(unit, SERVICE, "Result").await.ok()?;
    let status: i32 = systemd
        .property(unit, SERVICE, "ExecMainStatus")
        .await
        .unwrap_or_default();
    ended(&result, status)
}

fn ended(result: &str, status: i32) -> Option<String> {
    Some(match result {
        "success" => return None,
        "exit-code" => match step(status) {
            Some(step) => format!("systemd could not {step} (status {status})"),
            None if status == 0 => "one of its processes ended with an error".to_owned(),
            None => format!("its main process ended with status {status}"),
        },
        "signal" => format!("its main process was ended by signal {status}"),
        "core-dump" => format!("its main process crashed with signal {status}"),
        "timeout" => "it took too long".to_owned(),
        "watchdog" => "it gave no sign of life in time".to_owned(),
        "oom-kill" => "it was ended for want of memory".to_owned(),
        "start-limit-hit" => "it was started too often in a short time".to_owned(),
        "resources" => "a file or another resource that it needs is missing".to_owned(),
        "protocol" => "it did not tell systemd of itself as its `Type=` says".to_owned(),
        other => format!("systemd says `{other}`"),
    })
}

/// What systemd itself was at when it gave up before the program ran (systemd.exec(5)).
fn step(status: i32) -> Option<&'static str> {
    Some(match status {
        200 => "change to its working directory",
        203 => "run its program",
        208 | 209 | 222 => "open its standard input or output",
        214..=216 | 219 | 220 => "prepare its process",
        217 => "find or become its user",
        225..=227 => "set up its namespaces",
        233 | 238..=240 => "make one of its directories",
        243 => "load its credentials",
        _ => return None,
    })
}

/// The conditions or assertions of the unit's file that did not hold.
async fn failed_tests(systemd: &Systemd, unit: &Unit, property: &str) -> String {
    let tests: Result<Vec<Test>, _> = systemd.property(unit, UNIT, property).await;
    let failed: Vec<_> = tests
        .unwrap_or_default()
        .into_iter()
        .filter(|(.., outcome)| *outcome < 0)
        .map(|(name, alone, negated, argument, _)| {
            let mark = |set, mark| if set { mark } else { "" };
            let (alone, negated) = (mark(alone, "|"), mark(negated, "!"));
            format!("`{name}={alone}{negated}{argument}`")
        })
        .collect();
    if failed.is_empty() {
        "a condition of its file does not hold".to_owned()
    } else {
        format!("{} does not hold", failed.join(" and "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_in_words() {
        assert_eq!(ended("success", 0), None);
        let told = |result: &str, status| ended(result, status).unwrap();
        assert_eq!(told("exit-code", 3), "its main process ended with status 3");
        assert_eq!(
            told("exit-code", 203),
            "systemd could not run its program (status 203)"
        );
        assert_eq!(
            told("exit-code", 0),
            "one of its processes ended with an error"
        );
        assert_eq!(told("signal", 9), "its main process was ended by signal 9");
        assert_eq!(told("brand-new", 1), "systemd says `brand-new`");
    }
}

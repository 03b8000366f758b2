//! The answer of an agent for people.

use std::fmt::Write as _;

use clap::builder::styling::Style;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use mgmt_compiler::render::{Terminal, visible};

use crate::observe::shapes::{LogEntry, Problem, State, Status as Told};
use crate::styles::{Styles, paint};

/// No more of what does not go well is shown to people.
const PROBLEMS: usize = 20;

/// How many resources are in a state.
pub(super) fn count(told: &Told, state: State) -> usize {
    told.summary.states.get(&state).copied().unwrap_or_default()
}

/// What does not go well.
pub(super) const WRONG: [State; 4] = [
    State::Failed,
    State::Retrying,
    State::Blocked,
    State::Differs,
];

/// How the agent at an address is getting on, in some lines.
pub(super) fn human(told: &Told, address: &str, terminal: Terminal) -> String {
    let styles = Styles::new(terminal.color);
    let summary = &told.summary;
    let (style, words) = in_words(told, &styles);
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {}",
        paint(styles.bold, &summary.hostname),
        paint(style, words)
    );
    let noop = if summary.noop { " --noop" } else { "" };
    let _ = writeln!(
        out,
        "  mgmt {} run{noop} {}, for {}, http://{address}/",
        summary.version,
        summary.program,
        duration(told.now - summary.started)
    );
    let states: Vec<String> = summary
        .states
        .iter()
        .map(|(state, count)| format!("{count} {}", word(*state)))
        .collect();
    let colon = if states.is_empty() { "" } else { ": " };
    let _ = writeln!(
        out,
        "  {} resources{colon}{}",
        summary.resources,
        states.join(", ")
    );
    for problem in told.problems.iter().take(PROBLEMS) {
        write_problem(&mut out, problem, &styles);
    }
    let wrong: usize = WRONG.iter().map(|state| count(told, *state)).sum();
    let rest = wrong.saturating_sub(told.problems.len().min(PROBLEMS));
    if rest > 0 {
        let _ = writeln!(out, "  and {rest} more; `--format json` names them");
    }
    out
}

/// What happened lately, like in a log.
pub(super) fn happened(log: &[LogEntry], terminal: Terminal) -> String {
    let mut out = String::new();
    let zone = TimeZone::system();
    let dim = Styles::new(terminal.color).dim;
    for entry in log {
        let time = Timestamp::from_millisecond(entry.time).unwrap_or_default();
        let time = time.to_zoned(zone.clone()).strftime("%b %d %H:%M:%S");
        let about = match (&entry.kind, &entry.name) {
            (Some(kind), Some(name)) => format!("{kind}[{name}]: "),
            _ => String::new(),
        };
        let text = visible(&format!("{about}{}", entry.text)).replace('\n', " ");
        let _ = writeln!(out, "  {dim}{time}{dim:#} {text}");
    }
    if out.is_empty() {
        out
    } else {
        format!("\n{out}")
    }
}

fn write_problem(out: &mut String, problem: &Problem, styles: &Styles) {
    let (sign, style) = match problem.state {
        State::Differs => ("~", styles.yellow),
        State::Retrying => ("!", styles.yellow),
        _ => ("!", styles.red),
    };
    let place = problem.place.as_ref().map_or_else(String::new, |place| {
        format!("  {}:{}", place.file, place.line)
    });
    let identity = format!("{}[{}]", problem.kind, problem.name);
    let identity = visible(&identity);
    let _ = writeln!(
        out,
        "{} {}{}  {}",
        paint(style, sign),
        paint(styles.bold, &identity),
        paint(styles.dim, &place),
        paint(style, word(problem.state)),
    );
    if let Some(error) = &problem.error {
        let _ = writeln!(
            out,
            "    {}",
            visible(error).trim_end().replace('\n', "\n    ")
        );
    }
}

fn in_words(told: &Told, styles: &Styles) -> (Style, &'static str) {
    let summary = &told.summary;
    if summary.ended {
        (styles.yellow, "ended")
    } else if count(told, State::Failed) > 0 {
        (styles.red, "something failed")
    } else if count(told, State::Retrying) > 0 {
        (styles.yellow, "something fails, and is tried again")
    } else if !summary.settled {
        (styles.yellow, "at work")
    } else if count(told, State::Differs) > 0 {
        (styles.yellow, "something is not as it should be")
    } else if summary.converged {
        (styles.green, "converged")
    } else {
        (styles.green, "all as it should be")
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Checking => "checking",
        State::Ok => "ok",
        State::Differs => "to change",
        State::Retrying => "retrying",
        State::Failed => "failed",
        State::Blocked => "blocked",
    }
}

/// Milliseconds, as people say it.
fn duration(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    if days > 1 {
        format!("{days} days")
    } else if hours > 0 {
        format!("{hours} h {} min", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes} min")
    } else {
        format!("{seconds} s")
    }
}

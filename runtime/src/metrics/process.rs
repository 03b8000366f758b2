//! The process, by the names that all clients of Prometheus use.

use std::fmt;

use procfs::process::{LimitValue, Process as Proc};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio::runtime::Handle;

/// Looks at this process whenever somebody asks.
#[derive(Debug)]
pub(super) struct Process {
    tasks: Handle,
}

impl Process {
    /// Must be called within the runtime whose tasks are to be counted.
    pub(super) fn new() -> Self {
        Self {
            tasks: Handle::current(),
        }
    }
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut add = |name: &str, help: &str, metric: &dyn EncodeMetric| {
            let kind = metric.metric_type();
            metric.encode(encoder.encode_descriptor(name, help, None, kind)?)
        };
        let tasks = self.tasks.metrics().num_alive_tasks();
        add(
            "mgmt_tasks",
            "Tasks of the agent, such as the watches of its resources.",
            &ConstGauge::new(tasks as i64),
        )?;
        // Without /proc there is nothing to tell.
        let Ok(process) = Proc::myself() else {
            return Ok(());
        };
        if let Ok(stat) = process.stat() {
            let ticks = procfs::ticks_per_second() as f64;
            add(
                "process_cpu_seconds",
                "Time on a processor, in the program and in the kernel, in seconds.",
                &ConstCounter::new((stat.utime + stat.stime) as f64 / ticks),
            )?;
            add(
                "process_resident_memory_bytes",
                "Memory that is in use, in bytes.",
                &ConstGauge::new((stat.rss * procfs::page_size()) as i64),
            )?;
            add(
                "process_virtual_memory_bytes",
                "Addresses that are in use, in bytes.",
                &ConstGauge::new(stat.vsize as i64),
            )?;
            add(
                "process_threads",
                "Threads.",
                &ConstGauge::new(stat.num_threads),
            )?;
            if let Ok(boot) = procfs::boot_time_secs() {
                add(
                    "process_start_time_seconds",
                    "When the process was started, in seconds since 1970.",
                    &ConstGauge::new(boot as f64 + stat.starttime as f64 / ticks),
                )?;
            }
        }
        if let Ok(count) = process.fd_count() {
            add(
                "process_open_fds",
                "Open file descriptors.",
                &ConstGauge::new(count as i64),
            )?;
        }
        if let Ok(limits) = process.limits()
            && let LimitValue::Value(most) = limits.max_open_files.soft_limit
        {
            add(
                "process_max_fds",
                "File descriptors that may be open.",
                &ConstGauge::new(most as f64),
            )?;
        }
        Ok(())
    }
}

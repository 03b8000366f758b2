//! The resource kinds, one module a kind.

pub mod augeas;
pub mod aws_ec2;
pub mod bmc_firmware;
pub mod bmc_power;
pub mod consul_kv;
pub mod cron;
pub mod deploy_tar;
pub mod dhcp_host;
pub mod dhcp_range;
pub mod dhcp_server;
pub mod docker_container;
pub mod docker_image;
pub mod exec;
pub mod exit;
pub mod file;
pub mod firewalld;
pub mod fwattr;
pub mod fwupd_device;
pub mod fwupd_remote;
pub mod fwupd_system;
pub mod group;
pub mod gsettings;
pub mod gzip;
pub mod hetzner_vm;
pub mod hostname;
pub mod http_client;
pub mod http_server;
pub mod http_server_file;
pub mod http_server_flag;
pub mod http_server_proxy;
pub mod http_server_ui;
pub mod http_server_ui_input;
pub mod json_edit;
pub mod kv;
pub mod line;
pub mod mount;
pub mod msg;
pub mod net;
pub mod noop;
pub mod nspawn;
pub mod panic;
pub mod password;
pub mod pkg;
pub mod print;
pub mod remote;
pub mod schedule;
pub mod ssh_authorized_key;
pub mod svc;
pub mod sysctl;
pub mod tar;
pub mod test;
pub mod tftp_file;
pub mod tftp_server;
pub mod timer;
pub mod user;
pub mod value;
pub mod virt;
pub mod virt_builder;
pub mod virt_network;
pub mod virt_network_host;
pub mod virt_network_range;

use crate::resource::{Declare, ResourceDef};

/// Every kind that this crate declares.
pub fn all() -> Vec<ResourceDef> {
    vec![
        augeas::Augeas::declare(),
        aws_ec2::AwsEc2::declare(),
        bmc_firmware::BmcFirmware::declare(),
        bmc_power::BmcPower::declare(),
        consul_kv::ConsulKv::declare(),
        cron::Cron::declare(),
        deploy_tar::DeployTar::declare(),
        dhcp_host::DhcpHost::declare(),
        dhcp_range::DhcpRange::declare(),
        dhcp_server::DhcpServer::declare(),
        docker_container::DockerContainer::declare(),
        docker_image::DockerImage::declare(),
        exec::Exec::declare(),
        exit::Exit::declare(),
        file::File::declare(),
        firewalld::Firewalld::declare(),
        fwattr::Fwattr::declare(),
        fwupd_device::FwupdDevice::declare(),
        fwupd_remote::FwupdRemote::declare(),
        fwupd_system::FwupdSystem::declare(),
        group::Group::declare(),
        gsettings::Gsettings::declare(),
        gzip::Gzip::declare(),
        hetzner_vm::HetznerVm::declare(),
        hostname::Hostname::declare(),
        http_client::HttpClient::declare(),
        http_server::HttpServer::declare(),
        http_server_file::HttpServerFile::declare(),
        http_server_flag::HttpServerFlag::declare(),
        http_server_proxy::HttpServerProxy::declare(),
        http_server_ui::HttpServerUi::declare(),
        http_server_ui_input::HttpServerUiInput::declare(),
        json_edit::JsonEdit::declare(),
        kv::Kv::declare(),
        line::Line::declare(),
        mount::Mount::declare(),
        msg::Msg::declare(),
        net::Net::declare(),
        noop::Noop::declare(),
        nspawn::Nspawn::declare(),
        panic::Panic::declare(),
        password::Password::declare(),
        pkg::Pkg::declare(),
        print::Print::declare(),
        remote::Remote::declare(),
        schedule::Schedule::declare(),
        ssh_authorized_key::SshAuthorizedKey::declare(),
        svc::Svc::declare(),
        sysctl::Sysctl::declare(),
        tar::Tar::declare(),
        test::Test::declare(),
        tftp_file::TftpFile::declare(),
        tftp_server::TftpServer::declare(),
        timer::Timer::declare(),
        user::User::declare(),
        value::ValueTap::declare(),
        virt::Virt::declare(),
        virt_builder::VirtBuilder::declare(),
        virt_network::VirtNetwork::declare(),
        virt_network_host::VirtNetworkHost::declare(),
        virt_network_range::VirtNetworkRange::declare(),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The module that declares a kind.
    fn module(kind: &str) -> String {
        kind.trim_start_matches('_').replace(':', "_")
    }

    #[test]
    #[allow(clippy::disallowed_methods)]
    fn every_module_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/resources");
        let modules: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        let declared: BTreeSet<String> = all().iter().map(|def| module(def.kind)).collect();
        assert_eq!(declared, modules);
    }

    #[test]
    fn defaults_read_back_through_the_schema() {
        for def in all() {
            let mut params = (def.new)();
            assert_eq!(params.kind(), def.kind);
            for param in &def.params {
                if let Some(value) = params.get(param.name) {
                    params.set(param.name, &value).unwrap();
                }
            }
            // Setting an optional parameter is what makes it defined; a default is not.
            assert_eq!(params.differs(&*(def.new)()), None, "{}", def.kind);
        }
    }

    #[test]
    fn documentation_starts_with_a_sentence() {
        for def in all() {
            let texts = def.params.iter().map(|param| param.doc);
            let sent = def.sends.iter().map(|send| send.doc);
            for doc in texts.chain(sent).chain([def.doc]) {
                let first = doc.split("\n\n").next().unwrap();
                assert!(
                    first.starts_with(|c: char| c.is_uppercase() || c == '`')
                        && first.ends_with(['.', ':']),
                    "{}: {doc}",
                    def.kind
                );
            }
        }
    }
}

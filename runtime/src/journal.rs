//! Writes to the systemd journal in its own datagram protocol (resources-host.md §18.12).

use std::fs::File;
use std::io::{IoSlice, Seek, Write};
use std::mem::MaybeUninit;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix,
    SocketFlags, SocketType, sendmsg_addr, socket_with,
};

use crate::resource::ResourceError;

/// One entry: fields in order.
#[derive(Clone, Debug, Default)]
pub struct Entry(Vec<u8>);

impl Entry {
    /// Adds a field. Names are upper-case letters, digits and underscores; the journal drops others.
    pub fn add(&mut self, name: &str, value: &[u8]) {
        self.0.extend_from_slice(name.as_bytes());
        if value.contains(&b'\n') {
            self.0.push(b'\n');
            self.0
                .extend_from_slice(&(value.len() as u64).to_le_bytes());
        } else {
            self.0.push(b'=');
        }
        self.0.extend_from_slice(value);
        self.0.push(b'\n');
    }
}

/// Sends an entry to the journal's socket. It may block for a moment.
///
/// # Errors
/// If there is no journal or it refuses.
pub fn send(socket: &Path, entry: &Entry) -> Result<(), ResourceError> {
    let failed = |error: Errno| {
        ResourceError::path("write to the journal at", socket)(std::io::Error::from(error))
    };
    let address = SocketAddrUnix::new(socket).map_err(failed)?;
    let sender = socket_with(
        AddressFamily::UNIX,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        None,
    )
    .map_err(failed)?;
    let datagram = [IoSlice::new(&entry.0)];
    let mut nothing = SendAncillaryBuffer::default();
    match sendmsg_addr(
        &sender,
        &address,
        &datagram,
        &mut nothing,
        SendFlags::empty(),
    ) {
        // Too large for a datagram: the journal takes a file instead.
        Err(Errno::MSGSIZE | Errno::NOBUFS) => {}
        result => return result.map(drop).map_err(failed),
    }
    let file = sealed(&entry.0)
        .map_err(|error| ResourceError::path("write to the journal at", socket)(error))?;
    let files = [file.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut attached = SendAncillaryBuffer::new(&mut space);
    if !attached.push(SendAncillaryMessage::ScmRights(&files)) {
        return Err(failed(Errno::NOBUFS));
    }
    sendmsg_addr(&sender, &address, &[], &mut attached, SendFlags::empty())
        .map(drop)
        .map_err(failed)
}

/// A file in memory that nobody can change any more, which is what the journal accepts.
fn sealed(content: &[u8]) -> std::io::Result<File> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let mut file = File::from(memfd_create("journal-entry", flags)?);
    file.write_all(content)?;
    file.rewind()?;
    let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL;
    fcntl_add_seals(&file, seals)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixDatagram;

    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};

    use super::*;

    #[test]
    fn a_large_entry_travels_as_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        let socket = UnixDatagram::bind(&path).unwrap();
        let mut entry = Entry::default();
        entry.add("MESSAGE", &vec![b'x'; 10_000_000]);
        send(&path, &entry).unwrap();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut attached = RecvAncillaryBuffer::new(&mut space);
        recvmsg(&socket, &mut [], &mut attached, RecvFlags::empty()).unwrap();
        let Some(RecvAncillaryMessage::ScmRights(mut files)) = attached.drain().next() else {
            panic!("a file is attached");
        };
        let mut content = Vec::new();
        File::from(files.next().unwrap())
            .read_to_end(&mut content)
            .unwrap();
        assert_eq!(content, entry.0);
    }
}

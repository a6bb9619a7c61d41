//! The secret from which every key is derived, and the master key that wraps the data keys of tenants: made once, and kept
//! beside the data for their owner's eyes only.
//!
//! They are two files because they are lost and replaced apart: another secret ends sessions and tickets, another master key
//! makes everything unreadable that is personal.

use std::{
    io::{Error, ErrorKind, Write as _},
    path::Path,
};

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use data_encoding::BASE64;

use crate::engine::Data;

const SECRET: &str = "secret";
const MASTER_KEY: &str = "master-key";

/// Reads the secret of a data folder, or makes one. What is kept in memory gets a secret that is nowhere.
///
/// Only whoever holds the folder's lock may call it.
pub(crate) fn obtain(data: &Data) -> Result<[u8; 32], Error> {
    read_or_make(data, SECRET)
}

/// The same for the master key.
pub(crate) fn master_key(data: &Data) -> Result<[u8; 32], Error> {
    read_or_make(data, MASTER_KEY)
}

fn read_or_make(data: &Data, name: &str) -> Result<[u8; 32], Error> {
    let Data::Folder(folder) = data else { return make() };
    let file = folder.join(name);
    match std::fs::read_to_string(&file) {
        Ok(text) => read(&text).ok_or_else(|| {
            let what = format!("{} is not a secret: 32 bytes in base64", file.display());
            Error::new(ErrorKind::InvalidData, what)
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret = make()?;
            write(&file, &secret)?;
            Ok(secret)
        }
        Err(error) => Err(error),
    }
}

fn read(text: &str) -> Option<[u8; 32]> {
    BASE64.decode(text.trim().as_bytes()).ok()?.try_into().ok()
}

fn make() -> Result<[u8; 32], Error> {
    let mut secret = [0; 32];
    SystemRandom::new().fill(&mut secret).map_err(|_| Error::other("the system gives no randomness"))?;
    Ok(secret)
}

/// Writes beside and renames: a secret that was half written when the power went would lock everybody out.
fn write(file: &Path, secret: &[u8; 32]) -> Result<(), Error> {
    let draft = file.with_extension("new");
    match std::fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut written = options.open(&draft)?;
    writeln!(written, "{}", BASE64.encode(secret))?;
    written.sync_all()?;
    std::fs::rename(&draft, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_secret_and_memory_has_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::Folder(folder.path().to_owned());
        let first = obtain(&data).unwrap();
        assert_eq!(obtain(&data).unwrap(), first);
        let master = master_key(&data).unwrap();
        assert_eq!(master_key(&data).unwrap(), master);
        assert_ne!(master, first);
        assert_ne!(obtain(&Data::Memory).unwrap(), obtain(&Data::Memory).unwrap());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let data = Data::Folder(folder.path().to_owned());
        obtain(&data).unwrap();
        master_key(&data).unwrap();
        for file in [SECRET, MASTER_KEY] {
            let mode = std::fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }

    #[test]
    fn a_damaged_secret_is_refused_and_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let data = Data::Folder(folder.path().to_owned());
        for file in [SECRET, MASTER_KEY] {
            std::fs::write(folder.path().join(file), "c2hvcnQ=").unwrap();
        }
        assert_eq!(obtain(&data).unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(master_key(&data).unwrap_err().kind(), ErrorKind::InvalidData);
    }
}

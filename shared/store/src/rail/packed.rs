//! Records as compressed JSON: what is only ever read as a whole takes a fifth of the room, and of the units that it costs.

use serde::{Serialize, de::DeserializeOwned};

use crate::Failed;

/// How hard to compress: the best that costs no more than twice the least.
const LEVEL: u8 = 6;
/// The most that is unpacked, in bytes: the largest timetable takes a quarter.
const MAX_UNPACKED: usize = 64 * 1024 * 1024;

/// Packs a record.
pub(super) fn pack(record: &impl Serialize) -> Result<Vec<u8>, Failed> {
    let json = serde_json::to_vec(record).map_err(Failed::corrupt)?;
    Ok(miniz_oxide::deflate::compress_to_vec(&json, LEVEL))
}

/// Unpacks a record.
pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Failed> {
    let json = miniz_oxide::inflate::decompress_to_vec_with_limit(bytes, MAX_UNPACKED).map_err(Failed::corrupt)?;
    serde_json::from_slice(&json).map_err(Failed::corrupt)
}

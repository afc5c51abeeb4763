internal import Foundation

/// The right to write into a folder of checkpoints: one process at a time has it.
///
/// It is a lock of the system (`flock`) on the file `lock` in the folder, so it ends with the process,
/// however that ends, or with this object. The file says who holds it. A file system that has no locks gives it to all.
public final class FolderLock: Sendable {
  private let descriptor: CInt

  /// Whether the file system has locks at all.
  public let isEffective: Bool

  /// Takes the lock, waiting a while for a process that is about to end.
  ///
  /// - Parameters:
  ///   - folder: The folder, which exists.
  ///   - holder: One line about this process, for the others.
  ///   - patienceSeconds: How long to wait.
  /// - Throws: `CheckpointError` when another process holds it, or the system refuses.
  public init(folder: String, holder: String, patienceSeconds: Double) throws(CheckpointError) {
    let path = "\(folder)/lock"
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SystemFailure().error(path) }
    var pausesLeft = Int(patienceSeconds * 20)
    var code: CInt = 0
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      guard errno == EWOULDBLOCK, pausesLeft > 0 else {
        code = errno
        break
      }
      pausesLeft -= 1
      usleep(50_000)
    }
    guard code != EWOULDBLOCK else {
      let error = CheckpointError(file: folder, .locked(holder: Self.text(of: descriptor)))
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    isEffective = code == 0
    ftruncate(descriptor, 0)
    let line = Array((holder + "\n").utf8)
    _ = pwrite(descriptor, line, line.count, 0)
  }

  deinit {
    close(descriptor)
  }

  private static func text(of descriptor: CInt) -> String {
    var bytes = [UInt8](repeating: 0, count: 200)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return String(decoding: bytes.prefix(max(count, 0)).prefix { $0 != 10 }, as: UTF8.self)
  }
}

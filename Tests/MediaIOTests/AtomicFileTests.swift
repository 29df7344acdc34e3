import Foundation
import MediaIO
import Testing

@Suite(.serialized) struct AtomicFiles {
  @Test func writesAndReplaces() throws {
    try withFolder { folder in
      let url = folder.appending(path: "a.bin")
      try AtomicFile.write(Data("one".utf8), to: url)
      #expect(try Data(contentsOf: url) == Data("one".utf8))
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: url.path)
      try AtomicFile.write(Data("two".utf8), to: url)
      #expect(try Data(contentsOf: url) == Data("two".utf8))
      let mode = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? NSNumber
      #expect(mode?.intValue == 0o640)
      try AtomicFile.write(Data(), to: url)
      #expect(try Data(contentsOf: url).isEmpty)
      #expect(try names(in: folder) == ["a.bin"])
    }
  }

  @Test func oldFileStaysUntilCommit() throws {
    try withFolder { folder in
      let url = folder.appending(path: "a.bin")
      try Data("old".utf8).write(to: url)
      let file = try AtomicFile(url)
      try file.write(Data("ne".utf8))
      #expect(try Data(contentsOf: url) == Data("old".utf8))
      let hidden = try names(in: folder).filter { $0 != "a.bin" }
      #expect(hidden.count == 1 && hidden[0].hasPrefix("."))
      try file.write(Data("w".utf8))
      try file.commit()
      file.abort()
      #expect(try Data(contentsOf: url) == Data("new".utf8))
      #expect(try names(in: folder) == ["a.bin"])
    }
  }

  @Test func abortAndDropLeaveNothing() throws {
    try withFolder { folder in
      let url = folder.appending(path: "a.bin")
      try Data("old".utf8).write(to: url)
      let file = try AtomicFile(url)
      try file.write(Data("new".utf8))
      file.abort()
      #expect(try names(in: folder) == ["a.bin"])
      do {
        let dropped = try AtomicFile(url)
        try dropped.write(Data("new".utf8))
      }
      #expect(try names(in: folder) == ["a.bin"])
      #expect(try Data(contentsOf: url) == Data("old".utf8))
    }
  }

  @Test func failuresLeaveTheOldFile() throws {
    try withFolder { folder in
      let old = folder.appending(path: "old.bin")
      try Data("old".utf8).write(to: old)
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: old.path)
      refusal("old.bin", "read-only") { try AtomicFile.write(Data("new".utf8), to: old) }
      #expect(try Data(contentsOf: old) == Data("old".utf8))
      refusal("directory", "does not exist") {
        try AtomicFile.write(Data(), to: folder.appending(path: "none/a.bin"))
      }
      refusal("does not exist") { try AtomicFile.write(Data(), to: old.appending(path: "a.bin")) }
      refusal("is a directory") { try AtomicFile.write(Data(), to: folder) }
      #expect(try names(in: folder) == ["old.bin"])

      // The target becomes a directory while the file is written: the rename fails.
      let late = folder.appending(path: "late.bin")
      let file = try AtomicFile(late)
      try file.write(Data("new".utf8))
      try FileManager.default.createDirectory(at: late, withIntermediateDirectories: false)
      refusal("late.bin", "cannot be written") { try file.commit() }
      #expect(try names(in: folder) == ["late.bin", "old.bin"])
    }
  }

  @Test func fullDiskIsNamed() {
    refusal("disk is full") {
      try AtomicFile.write(Data(count: 1 << 20), to: URL(fileURLWithPath: "/dev/full"))
    }
    #expect(throws: Never.self) {
      try AtomicFile.write(Data(count: 100), to: URL(fileURLWithPath: "/dev/null"))
    }
    var status = stat()
    #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func linksAreFollowed() throws {
    try withFolder { folder in
      let (real, link) = (folder.appending(path: "real.bin"), folder.appending(path: "link.bin"))
      try Data("old".utf8).write(to: real)
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: real)
      try AtomicFile.write(Data("new".utf8), to: link)
      #expect(try Data(contentsOf: real) == Data("new".utf8))
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link.path) == real.path)
    }
  }

  @Test func picturesAreStreamedIn() throws {
    try withFolder { folder in
      let url = folder.appending(path: "a.png")
      let image = Image.noise(width: 50, height: 40, channels: .rgba, bitDepth: 8)
      let file = try AtomicFile(url)
      let header = PNGHeader(width: 50, height: 40, channels: .rgba, bitDepth: 8)
      let writer = try PNGWriter(header: header) { try file.write($0) }
      try writer.writeRows(image.samples)
      try writer.finish()
      try file.commit()
      #expect(try Image(contentsOf: url) == image)
    }
  }

  /// In a process of its own, for it forgets the pending files of everyone.
  @Test func pendingFilesAreRemoved() async throws {
    await #expect(processExitsWith: .exitCode(7)) {
      try withFolder { folder in
        let url = folder.appending(path: "a.bin")
        try Data("old".utf8).write(to: url)
        let files = try (0..<70).map { _ in try AtomicFile(url) }
        for file in files { try file.write(Data("new".utf8)) }
        guard try names(in: folder).count == 71 else { exit(1) }
        // Threads of a pool block signals.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR1)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        signal(SIGUSR1) { _ in AtomicFile.removePending() }
        raise(SIGUSR1)
        // 64 are noted; the rest is removed when dropped.
        guard try names(in: folder).count == 7 else { exit(2) }
        for file in files { file.abort() }
        guard try names(in: folder) == ["a.bin"], try Data(contentsOf: url) == Data("old".utf8) else {
          exit(3)
        }
        try AtomicFile.write(Data("new".utf8), to: url)
        guard try Data(contentsOf: url) == Data("new".utf8) else { exit(4) }
        // A slot is free again after each file.
        for _ in 0..<100 { try AtomicFile.write(Data("x".utf8), to: url) }
        let file = try AtomicFile(url)
        AtomicFile.removePending()
        guard try names(in: folder) == ["a.bin"] else { exit(5) }
        file.abort()
      }
      exit(7)
    }
  }
}

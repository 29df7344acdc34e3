import Foundation
import TestSupport
import Testing
import Torch

/// Archives that NumPy wrote; see Golden/make_host_golden.py.
struct NPZTests {
  private func file(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: name, withExtension: "npz", subdirectory: "Golden"))
  }

  @Test(arguments: ["stored", "deflated"]) func readsWhatNumPyWrites(_ name: String) throws {
    let arrays = try NPZ(contentsOf: file(name)).arrays
    #expect(arrays.keys.sorted() == ["a", "b"])
    #expect(try arrays["a"]?.floats() == [0, 1, 2, 3, 4, 5] && arrays["a"]?.shape == [2, 3])
    #expect(try arrays["b"]?.int64s() == Array(0..<100))
  }

  /// Cut off anywhere, or with any byte changed: an error or the same arrays, never a trap.
  @Test func refusesDamage() throws {
    let folder = try TemporaryFolder()
    let whole = try Data(contentsOf: file("deflated"))
    let expected = try NPZ(contentsOf: file("deflated")).arrays
    let damaged = folder.url.appendingPathComponent("damaged.npz")
    for length in stride(from: 0, to: whole.count, by: 7) {
      try whole.prefix(length).write(to: damaged)
      #expect(throws: FormatError.self, "\(length)") { try NPZ(contentsOf: damaged) }
    }
    for place in stride(from: 0, to: whole.count, by: 3) {
      var data = whole
      data[place] ^= 0x55
      try data.write(to: damaged)
      if let arrays = try? NPZ(contentsOf: damaged).arrays {
        #expect(arrays.values.allSatisfy { expected.values.contains($0) }, "\(place)")
      }
    }
    #expect(throws: FormatError.self) { try NPZ(contentsOf: folder.url) }
    #expect(throws: FormatError.self) { try NPZ(contentsOf: folder.url.appendingPathComponent("none.npz")) }
  }
}

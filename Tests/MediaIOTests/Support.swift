import Foundation
import MediaIO
import Testing

func fixture(_ name: String) throws -> Data {
  let folder = try #require(Bundle.module.resourceURL)
  return try Data(contentsOf: folder.appending(path: "Fixtures").appending(path: name))
}

/// The error's line, which must be a single one; nil (and a failed test) if nothing was thrown.
@discardableResult
func refusal<Value>(
  _ words: String..., sourceLocation: SourceLocation = #_sourceLocation, from body: () throws -> Value
) -> String? {
  do {
    let value = try body()
    Issue.record("accepted: \(type(of: value))", sourceLocation: sourceLocation)
    return nil
  } catch let error as MediaError {
    let line = error.description
    #expect(!line.contains("\n"), sourceLocation: sourceLocation)
    for word in words {
      #expect(line.contains(word), "‘\(word)’ is missing in: \(line)", sourceLocation: sourceLocation)
    }
    return line
  } catch {
    Issue.record("not a MediaError: \(error)", sourceLocation: sourceLocation)
    return nil
  }
}

/// A folder that is removed after the test.
func withFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "MediaIO-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}

func names(in folder: URL) throws -> [String] {
  try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
}

extension Image {
  static func noise(
    width: Int, height: Int, channels: Channels, bitDepth: Int, seed: UInt64 = 1,
    metadata: ImageMetadata = ImageMetadata()
  ) -> Image {
    var numbers = TestNumbers(seed)
    let count = width * height * channels.count
    let samples: Samples =
      bitDepth == 8
      ? .uint8((0..<count).map { _ in .random(in: .min ... .max, using: &numbers) })
      : .uint16((0..<count).map { _ in .random(in: .min ... .max, using: &numbers) })
    return Image(width: width, height: height, channels: channels, samples: samples, metadata: metadata)
  }

  var values: [Int] {
    switch samples {
    case .uint8(let values): values.map(Int.init)
    case .uint16(let values): values.map(Int.init)
    }
  }
}

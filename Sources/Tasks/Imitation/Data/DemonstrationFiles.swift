internal import Foundation
internal import MediaIO
internal import PipelineCore

/// Files with demonstrations, by their endings.
enum DemonstrationFiles {
  static let endings = ["jsonl", "csv", "npz"]

  /// - Parameter places: files, and folders whose files are all taken, in the order of their names.
  /// - Throws: `PipelineError` of kind `.data`; `MediaError` for a file that cannot be read.
  static func read(_ places: [URL]) throws -> Demonstrations {
    guard !places.isEmpty else {
      throw PipelineError.usage(
        "--data is missing; files or folders with demonstrations (.\(endings.joined(separator: ", .")), as samples/imitation/record.py "
          + "makes them) would be right")
    }
    let files = try places.flatMap(files)
    return try Demonstrations(joining: files.map { ($0.relativePath, try read($0)) })
  }

  private static func files(_ place: URL) throws -> [URL] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder), isFolder.boolValue
    else {
      return [place]
    }
    let names = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
      .filter { endings.contains(($0 as NSString).pathExtension.lowercased()) && !$0.hasPrefix(".") }
    guard !names.isEmpty else {
      throw PipelineError.data(
        "\(place.relativePath) holds no demonstrations; files that end in .\(endings.joined(separator: ", .")) would be right"
      )
    }
    return names.map { URL(fileURLWithPath: "\(place.relativePath)/\($0)") }
  }

  private static func read(_ file: URL) throws -> Demonstrations {
    let (name, ending) = (file.relativePath, file.pathExtension.lowercased())
    let rows: [Demonstrations.Row]
    switch ending {
    case "jsonl": rows = try DemonstrationLines.rows(FileBytes.read(file), name: name)
    case "csv": rows = try DemonstrationTable.rows(FileBytes.read(file), name: name)
    case "npz": rows = try DemonstrationArrays.rows(file, name: name)
    case "parquet":
      throw PipelineError.usage(
        "\(name) is Parquet; samples/imitation/convert_lerobot.py makes .npz of it")
    default:
      throw PipelineError.usage(
        "\(name) is no file of demonstrations; one that ends in .\(endings.joined(separator: ", .")) would be right"
      )
    }
    return try Demonstrations(rows, source: name)
  }
}

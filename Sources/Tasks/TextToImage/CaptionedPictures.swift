internal import Foundation
internal import MediaIO
internal import MediaTensors
internal import PipelineCore
internal import Torch

/// A folder of pictures and what they show, as its `captions.tsv` says.
///
/// The file's first line names its columns, separated by tabs: `picture`, a file of the folder; `caption`, what it is called;
/// and, where one wants, `keywords`, with commas between, and `group`, for pictures of which none may be trained on where
/// another is tested.
struct CaptionedPictures: Sendable {
  struct Entry: Sendable, Equatable {
    var picture: String
    var caption: String
    var keywords: [String]
    var group: String

    /// Whether its group is one of the tenth that is never trained on.
    var isHeldOut: Bool { Digest.sha256(Data(group.utf8)).prefix(2) < "1a" }
  }

  static let listName = "captions.tsv"
  private static let mostPictures = 200_000

  let entries: [Entry]
  /// `[N, 4, side, side]` over 0…1, red, green and blue times alpha, and alpha.
  let x: Tensor

  /// Reads every picture, reduced to `side`; those that are no squares get transparent pixels beside them.
  /// - Throws: `PipelineError` of kind `.data` that names the row that cannot be; `MediaError` for broken pictures.
  init(folder: URL, side: Int, workers: Int) throws {
    let list = folder.appendingPathComponent(Self.listName)
    guard FileManager.default.fileExists(atPath: list.path) else {
      throw PipelineError.data(
        "\(folder.relativePath) has no \(Self.listName); a line for each picture, \"picture<tab>caption\", would be right"
      )
    }
    let entries = try Self.entries(
      String(pipe: FileBytes.read(list), name: list.relativePath), name: list.relativePath)
    self.entries = entries
    x = try .stack(
      ChunkRunner(workers: workers).map(entries.count) { index in
        try Self.square(
          Image(contentsOf: folder.appendingPathComponent(entries[index].picture)).oriented(), side: side)
      })
  }

  init(entries: [Entry], x: Tensor) { (self.entries, self.x) = (entries, x) }

  static func entries(_ text: String, name: String) throws -> [Entry] {
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map {
      $0.split(separator: "\t", omittingEmptySubsequences: false)
        .map { $0.trimmingCharacters(in: .whitespaces) }
    }
    let header = lines.isEmpty ? [] : lines.removeFirst()
    guard let picture = header.firstIndex(of: "picture"), let caption = header.firstIndex(of: "caption")
    else {
      throw PipelineError.data(
        "\(name) begins with '\(header.joined(separator: " ").prefix(80))'; the columns' names, picture and caption among "
          + "them, with tabs between would be right")
    }
    let (keywords, group) = (header.firstIndex(of: "keywords"), header.firstIndex(of: "group"))
    let entries = try lines.enumerated().compactMap { row, cells -> Entry? in
      guard cells != [""] else { return nil }
      func cell(_ column: Int) throws -> String {
        guard cells.indices.contains(column), !cells[column].isEmpty else {
          throw PipelineError.data("\(name), line \(row + 2), has no \(header[column])")
        }
        return cells[column]
      }
      func optional(_ column: Int?) -> String {
        column.flatMap { cells.indices.contains($0) ? cells[$0] : nil } ?? ""
      }
      let file = try cell(picture)
      let own = optional(group)
      return Entry(
        picture: file, caption: try cell(caption),
        keywords: optional(keywords).split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
          .filter { !$0.isEmpty }, group: own.isEmpty ? file : own)
    }
    guard (2...mostPictures).contains(entries.count) else {
      throw PipelineError.data("\(name) names \(entries.count) pictures; 2 to \(mostPictures) would be right")
    }
    return entries
  }

  /// `[4, side, side]`, as `x` has them.
  static func square(_ image: Image, side: Int) throws -> Tensor {
    let x = try PictureFile.premultiplied(image.tensor(), hasAlpha: image.channels.hasAlpha)
    let most = max(image.width, image.height)
    let (wide, high) = (most - image.width, most - image.height)
    let whole = try x.padded([wide / 2, wide - wide / 2, high / 2, high - high / 2])
    guard most != side else { return whole }
    return try whole.unsqueezed(0).resampledBicubic(height: side, width: side).select(0, 0).clamped(0, 1)
  }

  /// Places of the pictures that are trained on, or of the others.
  func places(heldOut: Bool) -> [Int] { entries.indices.filter { entries[$0].isHeldOut == heldOut } }
}

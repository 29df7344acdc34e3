internal import Foundation

/// Text that is written while it is made.
public struct TextStream: Sendable {
  /// Makes the text from its start, and hands over piece after piece, each of whole characters.
  public var render: @Sendable (_ write: (String) throws -> Void) throws -> Void

  public init(render: @escaping @Sendable (_ write: (String) throws -> Void) throws -> Void) {
    self.render = render
  }

  public func text() throws -> String {
    var text = ""
    try render { text += $0 }
    return text
  }
}

/// Draws that are text.
public struct DrawnTexts: Sendable {
  /// Each draw, by its index.
  public var single: [(index: Int, text: TextStream)]

  public init(single: [(index: Int, text: TextStream)]) { self.single = single }

  /// Between two draws of one file: a line of its own.
  public static let separator = "---\n"

  /// All of them one after the other, each but the last ended by a line break where it has none; the draw itself where
  /// there is one.
  public var together: TextStream {
    TextStream { [single] write in
      for (place, draw) in single.enumerated() {
        var isLineOpen = false
        try draw.text.render { piece in
          try write(piece)
          if let last = piece.last { isLineOpen = !last.isNewline }
        }
        if place < single.count - 1 { try write((isLineOpen ? "\n" : "") + Self.separator) }
      }
    }
  }
}

/// A task that draws text from nothing but y.
public protocol WritingTask: DrawingTask {
  /// The draws of the options, none of them made yet.
  func texts(_ text: String, _ options: Options, _ specification: Specification, context: StageContext) throws
    -> DrawnTexts
}

extension WritingTask {
  public func draw(_ text: String, _ options: Options, _ specification: Specification, context: StageContext)
    throws -> DrawnFiles
  {
    let texts = try texts(text, options, specification, context: context)
    return DrawnFiles(
      single: try texts.single.map { (index: $0.index, data: Data(try $0.text.text().utf8)) },
      together: Data(try texts.together.text().utf8))
  }
}

import Foundation
import MediaTensors
import PipelineCore
import TestSupport
import Testing
import Torch

@testable import GenerativeVersusDiscriminative

struct TableTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func table(_ text: String, _ name: String = "t.csv") throws -> Table {
    let file = folder.url.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return try Table(contentsOf: file)
  }

  /// 44 rows, of which one lacks a number.
  private var text: String {
    let rows = (0..<44).map { row in
      let length = row == 5 ? "" : "\(Double(row) / 2)"
      return "\(row % 3 == 0 ? "red" : "\"a, b\""),\(length),\(row % 4),\(row % 2 == 0 ? "x" : "y")"
    }
    return (["colour,length,word (count),class"] + rows).joined(separator: "\r\n") + "\r\n"
  }

  @Test("numbers come first, then counts, then a one for each level; rows that lack a number go")
  func columns() throws {
    let table = try table(text)
    #expect(table.name == "t" && table.count == 43 && table.classes == ["x", "y"])
    #expect(table.columns == .init(numbers: 1, counts: 1, levels: [2]))
    #expect(table.columns.width == 4 && table.columns.features == 3)
    // Levels in the order of the alphabet: "a, b", red.
    #expect(
      try table.x.narrow(0, start: 0, length: 3).elements(Double.self) == [
        0, 0, 0, 1, 0.5, 1, 1, 0, 1, 2, 1, 0,
      ])
    #expect(Array(table.labels[..<6]) == [0, 1, 0, 1, 0, 0])
  }

  @Test("some of the features, of every kind")
  func restriction() throws {
    let table = try table(text)
    let some = try table.restricted(to: [2, 0])
    #expect(some.columns == .init(numbers: 1, levels: [2]))
    #expect(try some.x.narrow(0, start: 0, length: 2).elements(Double.self) == [0, 0, 1, 0.5, 1, 0])
    let count = try table.restricted(to: [1])
    #expect(count.columns == .init(numbers: 0, counts: 1))
    #expect(try count.x.narrow(0, start: 0, length: 4).elements(Double.self) == [0, 1, 2, 3])
  }

  @Test(
    "what is no table is refused in a line",
    arguments: [
      ("a,b\n1,2\n", "no column 'class'"), ("a,class\n1,x\n2,y\n", "2 whole rows of 2 classes"),
      ("a,class\n" + String(repeating: "1,x\n", count: 50), "50 whole rows of 1 classes"),
      ("a,class\n" + String(repeating: "1,x\n2,\n", count: 30), "row 2 has 2 fields, class ''"),
      ("a,class\n" + String(repeating: "1,x\nNA,y\n", count: 30), "numbers and 'NA'"),
      ("a (count),class\n" + String(repeating: "1,x\n-2,y\n", count: 30), "a count below 0"),
    ])
  func refusals(_ text: String, _ words: String) throws {
    let error = #expect(throws: PipelineError.self) { try table(text) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    #expect(error?.description.contains("t.csv") == true)
  }

  @Test("pictures are tables of ink")
  func pictures() throws {
    let pixels = try Tensor((0..<32).map { UInt8($0) }, shape: [2, 1, 4, 4])
    let table = try Table(LabelledImages(pixels: pixels, labels: [0, 1], classes: ["a", "b"]), name: "p")
    #expect(table.columns == .init(numbers: 0, counts: 4))
    #expect(try table.x.elements(Double.self) == [2.5, 4.5, 10.5, 12.5, 18.5, 20.5, 26.5, 28.5])
  }
}

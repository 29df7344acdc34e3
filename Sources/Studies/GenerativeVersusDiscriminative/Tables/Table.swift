internal import Foundation
internal import MediaTensors
internal import PipelineCore
internal import SwiftCSV
internal import Torch

/// Rows of features with a class each, as the learners take them.
struct Table: Sendable {
  let name: String
  /// `float64 [N, D]`: numbers, then counts, then a one for the level of each category.
  let x: Tensor
  let labels: [Int]
  let classes: [String]
  let columns: Columns

  var count: Int { labels.count }

  init(name: String, x: Tensor, labels: [Int], classes: [String], columns: Columns) {
    (self.name, self.x, self.labels) = (name, x, labels)
    (self.classes, self.columns) = (classes, columns)
  }

  /// What the columns of `x` hold.
  struct Columns: Sendable, Equatable, Codable {
    /// Of any sign and unit, the first columns.
    var numbers: Int
    /// How often something is there, the next columns.
    var counts: Int
    /// Levels of each category.
    var levels: [Int]

    init(numbers: Int, counts: Int = 0, levels: [Int] = []) {
      (self.numbers, self.counts, self.levels) = (numbers, counts, levels)
    }

    /// Columns of x.
    var width: Int { numbers + counts + levels.reduce(0, +) }
    /// n of the theory.
    var features: Int { numbers + counts + levels.count }

    /// The columns of each category.
    var categories: [Range<Int>] {
      var start = numbers + counts
      return levels.map { count in
        defer { start += count }
        return start..<start + count
      }
    }
  }

  /// The same rows with some of the features.
  /// - Parameter features: places of numbers, counts and categories, in this order, below `columns.features`.
  func restricted(to features: [Int]) throws -> Table {
    let features = features.sorted()
    let plain = columns.numbers + columns.counts
    let categories = columns.categories
    let places = features.flatMap { $0 < plain ? [$0] : Array(categories[$0 - plain]) }
    return Table(
      name: name,
      x: try x.indexSelect(1, Tensor(places.map(Int64.init), shape: [places.count])), labels: labels,
      classes: classes,
      columns: Columns(
        numbers: features.count { $0 < columns.numbers },
        counts: features.count { (columns.numbers..<plain).contains($0) },
        levels: features.filter { $0 >= plain }.map { columns.levels[$0 - plain] }))
  }

  /// Some of the rows.
  func rows(_ indices: [Int]) throws -> (x: Tensor, labels: [Int]) {
    (
      try x.indexSelect(0, Tensor(indices.map(Int64.init), shape: [indices.count])),
      indices.map { labels[$0] }
    )
  }
}

extension Table {
  /// Ink of every 2×2 pixels on average, 0…255, as a count: a quarter of the features.
  init(_ pictures: LabelledImages, name: String) throws {
    let shape = pictures.pixels.shape
    let (height, width) = (shape[2] / 2, shape[3] / 2)
    let whole = try pictures.pixels.narrow(2, start: 0, length: 2 * height)
      .narrow(3, start: 0, length: 2 * width)
    let ink = try whole.to(.float64).reshaped([shape[0], shape[1], height, 2, width, 2]).mean([3, 5])
    let features = shape[1] * height * width
    self.init(
      name: name, x: try ink.reshaped([shape[0], features]), labels: pictures.labels,
      classes: pictures.classes, columns: Columns(numbers: 0, counts: features))
  }

  /// Reads a CSV file with a header. The column `class` holds the classes; a column of numbers is one of numbers, or of
  /// counts where its header ends in ` (count)`, any other one of categories. Rows that lack a number are left out.
  /// - Throws: `PipelineError` of kind `.data` with the line.
  init(contentsOf file: URL) throws {
    func fault(_ text: String) -> PipelineError { .data("\(file.lastPathComponent): \(text)") }
    let csv: CSV<Enumerated>
    do { csv = try CSV<Enumerated>(url: file, encoding: .utf8, loadColumns: false) } catch {
      throw fault("this is no table of comma-separated values in UTF-8 with a header")
    }
    guard let place = csv.header.firstIndex(of: "class"), csv.header.count > 1 else {
      throw fault("there is no column 'class' beside others in the header \(csv.header.prefix(8))")
    }
    for (row, cells) in csv.rows.enumerated() {
      guard cells.count == csv.header.count, !cells[place].isEmpty else {
        throw fault(
          "row \(row + 1) has \(cells.count) fields, class '\(cells.count > place ? cells[place] : "")'; "
            + "\(csv.header.count) and a class would be right")
      }
    }
    let features = csv.header.indices.filter { $0 != place }
    let isNumeric = features.map { column in
      csv.rows.contains { !$0[column].isEmpty }
        && csv.rows.allSatisfy { $0[column].isEmpty || Double($0[column])?.isFinite == true }
    }
    for (column, isNumeric) in zip(features, isNumeric) where !isNumeric {
      let cells = csv.rows.map { $0[column] }.filter { !$0.isEmpty }
      if let word = cells.first(where: { Double($0) == nil }), cells.contains(where: { Double($0) != nil }) {
        throw fault(
          "column '\(csv.header[column])' has numbers and '\(word)'; a field for a missing number is empty, and no category is a number"
        )
      }
    }
    let numeric = zip(features, isNumeric).filter(\.1).map(\.0)
    let isCount = { (column: Int) in csv.header[column].hasSuffix(" (count)") }
    let plain = numeric.filter { !isCount($0) } + numeric.filter(isCount)
    let kept = csv.rows.filter { row in plain.allSatisfy { !row[$0].isEmpty } }
    if let column = plain.first(where: { column in
      isCount(column) && kept.contains { Double($0[column])! < 0 }
    }) {
      throw fault("column '\(csv.header[column])' has a count below 0")
    }
    let categories = zip(features, isNumeric).filter { !$0.1 }.map { column, _ in
      (column: column, levels: Set(kept.map { $0[column] }).sorted())
    }
    let classes = Set(kept.map { $0[place] }).sorted()
    guard classes.count > 1, kept.count >= 40 else {
      throw fault("\(kept.count) whole rows of \(classes.count) classes; 40 rows and 2 classes are needed")
    }
    var values: [Double] = []
    for row in kept {
      for column in plain { values.append(Double(row[column])!) }
      for category in categories {
        values += category.levels.map { $0 == row[category.column] ? 1 : 0 }
      }
    }
    let columns = Columns(
      numbers: numeric.count { !isCount($0) }, counts: numeric.count(where: isCount),
      levels: categories.map(\.levels.count))
    let numbers = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    self.init(
      name: file.deletingPathExtension().lastPathComponent,
      x: try Tensor(values, shape: [kept.count, columns.width]), labels: kept.map { numbers[$0[place]]! },
      classes: classes, columns: columns)
  }
}
